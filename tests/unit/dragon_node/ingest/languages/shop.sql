CREATE TABLE orders (id INTEGER PRIMARY KEY, total INT);
CREATE VIEW big AS SELECT * FROM orders WHERE total > 10;
CREATE INDEX by_total ON orders(total);
CREATE FUNCTION add(a int, b int) RETURNS int AS $$ SELECT a + b; $$ LANGUAGE sql;
ALTER TABLE orders ADD COLUMN note TEXT;
SELECT 1;
