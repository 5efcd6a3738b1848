WITH activity_by_month AS (
  SELECT
    CAST(DATE_TRUNC('month', CAST(activity.occurred_at AS TIMESTAMP_NTZ) + INTERVAL '7' HOUR) AS DATE) AS month,
    COUNT(*) AS activities
  FROM activity_log AS activity
  WHERE
    activity.occurred_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP_NTZ)
    AND activity.occurred_at < CAST('2025-12-31 17:00:00' AS TIMESTAMP_NTZ)
  GROUP BY
    1
), users_by_month AS (
  SELECT
    CAST(DATE_TRUNC('month', CAST(users.registered_at AS TIMESTAMP_NTZ) + INTERVAL '7' HOUR) AS DATE) AS month,
    COUNT(*) AS new_users
  FROM users
  WHERE
    users.registered_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP_NTZ)
    AND users.registered_at < CAST('2025-12-31 17:00:00' AS TIMESTAMP_NTZ)
  GROUP BY
    1
), combined AS (
  SELECT
    month,
    activities,
    NULL AS new_users
  FROM activity_by_month
  UNION ALL
  SELECT
    month,
    NULL AS activities,
    new_users
  FROM users_by_month
), answer AS (
  SELECT
    month,
    COALESCE(MAX(activities), 0) AS activities,
    COALESCE(MAX(new_users), 0) AS new_users
  FROM combined
  GROUP BY
    1
), activity_reached AS (
  SELECT
    CAST((
      CAST(CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(MAX(activity.loaded_at) AS TIMESTAMP_NTZ)) AS DATE) - INTERVAL '5' DAY
    ) AS DATE) AS reached
  FROM activity_log AS activity
  WHERE
    activity.loaded_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP_NTZ)
    AND activity.loaded_at < CAST('2026-01-01 00:00:00.000001' AS TIMESTAMP_NTZ)
), users_reached AS (
  SELECT
    CAST(CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(MAX(users.registered_at) AS TIMESTAMP_NTZ)) AS DATE) AS reached
  FROM users
  WHERE
    users.registered_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP_NTZ)
    AND users.registered_at < CAST('2026-01-01 00:00:00.000001' AS TIMESTAMP_NTZ)
), users_begins AS (
  SELECT
    CAST(CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(MIN(users.registered_at) AS TIMESTAMP_NTZ)) AS DATE) AS began
  FROM users
)
SELECT
  answer.month,
  answer.activities,
  answer.new_users,
  COALESCE(
    CAST(answer.month + INTERVAL '1' MONTH AS DATE) <= activity_reached.reached
    AND CAST(answer.month + INTERVAL '1' MONTH AS DATE) <= users_reached.reached
    AND answer.month > users_begins.began,
    FALSE
  ) AS is_complete
FROM answer
CROSS JOIN activity_reached
CROSS JOIN users_reached
CROSS JOIN users_begins
ORDER BY
  month NULLS LAST
