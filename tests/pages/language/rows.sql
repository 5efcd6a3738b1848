CREATE TABLE regions AS FROM (VALUES (1, 'north')) t(region_id, region);
CREATE TABLE users AS FROM (VALUES
    (1, 1, 'ann@example.com', 'f', 'gold', DATE '2000-02-20', TIMESTAMP '2025-01-02 08:00'))
    t(user_id, region_id, email, gender, tier, birth_date, registered_at);
CREATE TABLE activity_log AS FROM (VALUES
    (1, 1, 1, 'login', 'app', TIMESTAMP '2025-01-02 09:00')) t(activity_id, user_id, author_id, activity_type, feature, occurred_at);
CREATE TABLE user_segments AS FROM (VALUES
    (1, 'new', TIMESTAMP '2025-01-02 08:00', NULL::TIMESTAMP)) t(user_id, segment, valid_from, valid_to);
CREATE TABLE sales AS FROM (VALUES (1, 9.50, TIMESTAMP '2025-01-02 10:00')) t(sale_id, amount, sold_at);
CREATE TABLE points AS FROM (VALUES (1, 10, TIMESTAMP '2025-01-02 10:00')) t(entry_id, points, booked_at);
