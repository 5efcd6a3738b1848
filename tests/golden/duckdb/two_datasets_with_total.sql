WITH users_by_month AS (
  SELECT
    CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(users.registered_at) + 25200000000)) AS DATE) AS month,
    GROUPING(
      CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(users.registered_at) + 25200000000)) AS DATE)
    ) = 1 AS is_total,
    COUNT(*) AS new_users
  FROM users
  WHERE
    users.registered_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP)
    AND users.registered_at < CAST('2025-03-31 17:00:00' AS TIMESTAMP)
  GROUP BY
    GROUPING SETS (
      (
        CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(users.registered_at) + 25200000000)) AS DATE)
      ),
      ()
    )
), activity_by_month AS (
  SELECT
    CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(activity.occurred_at) + 25200000000)) AS DATE) AS month,
    GROUPING(
      CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(activity.occurred_at) + 25200000000)) AS DATE)
    ) = 1 AS is_total,
    COUNT(DISTINCT activity.user_id) AS active_users
  FROM activity_log AS activity
  WHERE
    activity.occurred_at >= CAST('2024-12-31 17:00:00' AS TIMESTAMP)
    AND activity.occurred_at < CAST('2025-03-31 17:00:00' AS TIMESTAMP)
  GROUP BY
    GROUPING SETS (
      (
        CAST(DATE_TRUNC('month', MAKE_TIMESTAMP(EPOCH_US(activity.occurred_at) + 25200000000)) AS DATE)
      ),
      ()
    )
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
    is_total,
    new_users,
    NULL AS active_users
  FROM users_by_month
  UNION ALL
  SELECT
    month,
    is_total,
    NULL AS new_users,
    active_users
  FROM activity_by_month
  UNION ALL
  SELECT
    month,
    FALSE AS is_total,
    NULL AS new_users,
    NULL AS active_users
  FROM months
)
SELECT
  month,
  COALESCE(MAX(new_users), 0) AS new_users,
  COALESCE(MAX(active_users), 0) AS active_users,
  CAST(COALESCE(MAX(new_users), 0) AS DOUBLE) / NULLIF(COALESCE(MAX(active_users), 0), 0) AS new_user_share,
  is_total
FROM filled
GROUP BY
  1,
  is_total
ORDER BY
  is_total,
  month
