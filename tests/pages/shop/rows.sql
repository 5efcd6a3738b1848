CREATE TABLE users AS FROM (VALUES
    (1, ' Ann@Example.com', 'f', 'Bangkok', DATE '2000-02-20', DATE '2025-01-03'),
    (2, 'bob@example.com', 'm', 'Bangkok', DATE '1990-07-01', DATE '2025-01-10'),
    (3, 'cho@example.com', 'f', 'Chiang Mai', DATE '2008-03-15', DATE '2025-02-02'),
    (4, 'dee@example.com', 'x', 'Chiang Mai', NULL, DATE '2025-03-08'))
    t(user_id, email, gender, city, born_on, joined_on);

CREATE TABLE orders AS FROM (VALUES
    (1, 1, 1, 'TH', 1, 'paid', 12.50, DATE '2025-01-05', DATE '2025-01-07'),
    (2, 2, 1, 'TH', 1, 'paid', 30.00, DATE '2025-01-20', DATE '2025-02-01'),
    (3, 1, 2, 'TH', 2, 'returned', 8.00, DATE '2025-01-31', DATE '2025-02-03'),
    (4, 3, 3, 'LA', 1, 'paid', 20.00, DATE '2025-02-14', DATE '2025-02-16'),
    (5, 1, 3, 'TH', 2, 'paid', 45.50, DATE '2025-02-25', DATE '2025-03-01'),
    (6, 2, 2, 'TH', 1, 'paid', 10.00, DATE '2025-03-09', DATE '2025-03-10'),
    (7, 3, 3, 'LA', 1, 'paid', 24.00, DATE '2025-03-20', NULL),
    (8, NULL, 1, 'TH', 2, 'open', 5.00, DATE '2025-03-31', NULL))
    t(order_id, user_id, recipient_id, country, store_no, status, amount, ordered_on, shipped_on);

CREATE TABLE visits AS FROM (VALUES
    (1, 1, 'app', TIMESTAMP '2025-01-04 18:30'), (2, 2, 'web', TIMESTAMP '2025-01-31 16:59'),
    (3, 3, 'app', TIMESTAMP '2025-01-31 17:00'), (4, 1, 'web', TIMESTAMP '2025-03-02 08:00'))
    t(visit_id, user_id, device, visited_at);

CREATE TABLE points AS FROM (VALUES
    (1, 1, 'earn', 100, DATE '2025-01-05'), (2, 2, 'earn', 300, DATE '2025-01-20'),
    (3, 2, 'redeem', -250, DATE '2025-02-11'), (4, 3, 'earn', 200, DATE '2025-02-14'),
    (5, 1, 'redeem', -60, DATE '2025-03-02')) t(entry_id, user_id, kind, points, booked_on);

CREATE TABLE user_tiers AS FROM (VALUES
    (1, 'silver', DATE '2025-01-03', DATE '2025-02-01'), (1, 'gold', DATE '2025-02-01', NULL),
    (2, 'basic', DATE '2025-01-10', DATE '2025-03-01'), (2, 'silver', DATE '2025-03-01', NULL),
    (3, 'basic', DATE '2025-02-02', NULL)) t(user_id, tier, valid_from, valid_to);

CREATE TABLE stores AS FROM (VALUES ('TH', 1, 'Old Town'), ('TH', 2, 'Riverside'), ('LA', 1, 'Morning Market'))
    t(country, store_no, store);

CREATE TABLE leads AS FROM (VALUES ('ann@example.com', 'fair'), ('cho@example.com', 'poster')) t(email, source);
CREATE SCHEMA sandbox;
CREATE TABLE sandbox.orders AS FROM orders;
COPY visits TO 'visits-2025.parquet';
