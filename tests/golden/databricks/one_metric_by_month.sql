SELECT
  CAST(DATE_TRUNC('month', CAST(activity.occurred_at AS TIMESTAMP_NTZ) + INTERVAL '7' HOUR) AS DATE) AS month,
  COUNT(DISTINCT activity.user_id) AS active_users
FROM activity_log AS activity
WHERE
  activity.occurred_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP_NTZ)
  AND activity.occurred_at < CAST('2025-12-31 17:00:00' AS TIMESTAMP_NTZ)
GROUP BY
  1
ORDER BY
  month NULLS LAST
