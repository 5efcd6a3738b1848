WITH activity_by_month_and_gender AS (
  SELECT
    CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(activity.occurred_at) + 25200000000)) AS DATE) AS month,
    users.gender AS "users.gender",
    COUNT(DISTINCT activity.user_id) AS active_users
  FROM activity_log AS activity
  LEFT JOIN users
    ON users.user_id = activity.user_id
  WHERE
    activity.occurred_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP)
    AND activity.occurred_at < CAST('2025-03-31 17:00:00' AS TIMESTAMP)
  GROUP BY
    1,
    2
), months AS (
  SELECT
    CAST(period AS DATE) AS month
  FROM (
    SELECT
      UNNEST(
        GENERATE_SERIES(CAST('2025-01-01' AS DATE), CAST('2025-03-01' AS DATE), INTERVAL '1' MONTH)
      ) AS period
  ) AS series
), filled AS (
  SELECT
    month,
    "users.gender",
    active_users
  FROM activity_by_month_and_gender
  UNION ALL
  SELECT
    month,
    "users.gender",
    NULL AS active_users
  FROM months
  CROSS JOIN (
    SELECT DISTINCT
      "users.gender"
    FROM activity_by_month_and_gender
  ) AS seen
)
SELECT
  month,
  "users.gender",
  active_users
FROM (
  SELECT
    month,
    "users.gender",
    COALESCE(MAX(active_users), 0) AS active_users
  FROM filled
  GROUP BY
    1,
    2
) AS answer
ORDER BY
  month,
  CASE "users.gender" WHEN 'female' THEN 0 WHEN 'male' THEN 1 WHEN 'other' THEN 2 END,
  "users.gender"
