WITH activity_by_hour AS (
  SELECT
    CAST(DATE_TRUNC('hour', activity.occurred_at) AS TIMESTAMP) AS hour,
    COUNT(*) AS activities
  FROM activity_log AS activity
  WHERE
    activity.occurred_at >= CAST('2025-02-28 17:00:00' AS TIMESTAMP_NTZ)
    AND activity.occurred_at < CAST('2025-03-01 17:00:00' AS TIMESTAMP_NTZ)
  GROUP BY
    1
), hours AS (
  SELECT DISTINCT
    CAST(CAST(moment AS TIMESTAMP_NTZ) - (
      CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(moment AS TIMESTAMP_NTZ)) - DATE_TRUNC('hour', CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(moment AS TIMESTAMP_NTZ)))
    ) AS TIMESTAMP) AS hour
  FROM (
    SELECT
      EXPLODE(
        CASE
          WHEN CAST('2025-02-28 17:00:00' AS TIMESTAMP_NTZ) <= CAST('2025-03-01 16:59:59' AS TIMESTAMP_NTZ)
          THEN SEQUENCE(
            CAST('2025-02-28 17:00:00' AS TIMESTAMP_NTZ),
            CAST('2025-03-01 16:59:59' AS TIMESTAMP_NTZ),
            INTERVAL '60' MINUTE
          )
        END
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
  hour NULLS LAST
