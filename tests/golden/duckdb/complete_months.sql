WITH activity_by_month AS (
  SELECT
    CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(activity.occurred_at) + 25200000000)) AS DATE) AS month,
    COUNT(*) AS activities
  FROM activity_log AS activity
  WHERE
    activity.occurred_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP)
    AND activity.occurred_at < CAST('2025-12-31 17:00:00' AS TIMESTAMP)
  GROUP BY
    1
), users_by_month AS (
  SELECT
    CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(users.registered_at) + 25200000000)) AS DATE) AS month,
    COUNT(*) AS new_users
  FROM users
  WHERE
    users.registered_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP)
    AND users.registered_at < CAST('2025-12-31 17:00:00' AS TIMESTAMP)
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
      CAST(MAX(activity.loaded_at) AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok' AS DATE) - INTERVAL '5' DAY
    ) AS DATE) AS reached
  FROM activity_log AS activity
  WHERE
    activity.loaded_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP)
    AND activity.loaded_at < CAST('2026-01-01 00:00:00.000001' AS TIMESTAMP)
), users_reached AS (
  SELECT
    CAST(MAX(users.registered_at) AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok' AS DATE) AS reached
  FROM users
  WHERE
    users.registered_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP)
    AND users.registered_at < CAST('2026-01-01 00:00:00.000001' AS TIMESTAMP)
), users_begins AS (
  SELECT
    CAST(MIN(users.registered_at) AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok' AS DATE) AS began
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
  month
