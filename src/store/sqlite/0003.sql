-- What is known of a feed's ways, as JSON: read and written whole, and soft state like the rest.
ALTER TABLE schedule ADD COLUMN condition TEXT;
