WITH activity_by_hour AS (
  SELECT
    DATE_TRUNC('hour', activity.occurred_at) AT TIME ZONE 'UTC' AS hour,
    COUNT(*) AS activities
  FROM activity_log AS activity
  WHERE
    activity.occurred_at >= CAST('2025-02-28 17:00:00' AS TIMESTAMP)
    AND activity.occurred_at < CAST('2025-03-01 17:00:00' AS TIMESTAMP)
  GROUP BY
    1
), hours AS (
  SELECT DISTINCT
    (
      moment - (
        (
          moment AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok'
        ) - DATE_TRUNC('hour', moment AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok')
      )
    ) AT TIME ZONE 'UTC' AS hour
  FROM (
    SELECT
      UNNEST(
        GENERATE_SERIES(
          CAST('2025-02-28 17:00:00' AS TIMESTAMP),
          CAST('2025-03-01 16:59:59' AS TIMESTAMP),
          INTERVAL '60' MINUTE
        )
      ) AS moment
  ) AS series
), filled AS (
  SELECT
    hour,
    activities
  FROM activity_by_hour
  UNION ALL
  SELECT
    hour,
    NULL AS activities
  FROM hours
)
SELECT
  hour,
  COALESCE(MAX(activities), 0) AS activities
FROM filled
GROUP BY
  1
ORDER BY
  hour
