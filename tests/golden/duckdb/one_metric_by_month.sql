SELECT
  CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(activity.occurred_at) + 25200000000)) AS DATE) AS month,
  COUNT(DISTINCT activity.user_id) AS active_users
FROM activity_log AS activity
WHERE
  activity.occurred_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP)
  AND activity.occurred_at < CAST('2025-12-31 17:00:00' AS TIMESTAMP)
GROUP BY
  1
ORDER BY
  month
