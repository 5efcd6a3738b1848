SELECT
  segment,
  activities
FROM (
  SELECT
    segments.segment,
    COUNT(*) AS activities
  FROM activity_log AS activity
  LEFT JOIN user_segments AS segments
    ON segments.user_id = activity.user_id
    AND segments.valid_from <= activity.occurred_at
    AND activity.occurred_at < COALESCE(segments.valid_to, CAST('infinity' AS TIMESTAMP))
  LEFT JOIN users
    ON users.user_id = activity.user_id
  WHERE
    CASE
      WHEN (
        YEAR(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') - YEAR(users.birth_date) - CASE
          WHEN MONTH(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') * 100 + DAY(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) IS NULL
      THEN NULL
      WHEN (
        YEAR(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') - YEAR(users.birth_date) - CASE
          WHEN MONTH(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') * 100 + DAY(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) < 18
      THEN '0-17'
      WHEN (
        YEAR(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') - YEAR(users.birth_date) - CASE
          WHEN MONTH(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') * 100 + DAY(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) < 25
      THEN '18-24'
      WHEN (
        YEAR(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') - YEAR(users.birth_date) - CASE
          WHEN MONTH(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') * 100 + DAY(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) < 35
      THEN '25-34'
      WHEN (
        YEAR(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') - YEAR(users.birth_date) - CASE
          WHEN MONTH(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') * 100 + DAY(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) < 45
      THEN '35-44'
      WHEN (
        YEAR(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') - YEAR(users.birth_date) - CASE
          WHEN MONTH(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') * 100 + DAY(activity.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Bangkok') < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) < 55
      THEN '45-54'
      ELSE '55+'
    END IN ('18-24', '25-34')
  GROUP BY
    1
) AS answer
ORDER BY
  activities DESC,
  CASE segment
    WHEN 'new'
    THEN 0
    WHEN 'occasional'
    THEN 1
    WHEN 'regular'
    THEN 2
    WHEN 'champion'
    THEN 3
    WHEN 'dormant'
    THEN 4
  END,
  segment
LIMIT 5
