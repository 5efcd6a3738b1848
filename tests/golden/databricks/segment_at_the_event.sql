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
    AND activity.occurred_at < COALESCE(segments.valid_to, CAST('9999-12-31 23:59:59.999999' AS TIMESTAMP_NTZ))
  LEFT JOIN users
    ON users.user_id = activity.user_id
  WHERE
    CASE
      WHEN (
        YEAR(
          CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
        ) - YEAR(users.birth_date) - CASE
          WHEN MONTH(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) * 100 + DAY(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) IS NULL
      THEN NULL
      WHEN (
        YEAR(
          CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
        ) - YEAR(users.birth_date) - CASE
          WHEN MONTH(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) * 100 + DAY(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) < 18
      THEN '0-17'
      WHEN (
        YEAR(
          CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
        ) - YEAR(users.birth_date) - CASE
          WHEN MONTH(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) * 100 + DAY(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) < 25
      THEN '18-24'
      WHEN (
        YEAR(
          CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
        ) - YEAR(users.birth_date) - CASE
          WHEN MONTH(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) * 100 + DAY(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) < 35
      THEN '25-34'
      WHEN (
        YEAR(
          CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
        ) - YEAR(users.birth_date) - CASE
          WHEN MONTH(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) * 100 + DAY(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
          THEN 1
          ELSE 0
        END
      ) < 45
      THEN '35-44'
      WHEN (
        YEAR(
          CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
        ) - YEAR(users.birth_date) - CASE
          WHEN MONTH(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) * 100 + DAY(
            CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(activity.occurred_at AS TIMESTAMP_NTZ))
          ) < MONTH(users.birth_date) * 100 + DAY(users.birth_date)
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
  END NULLS LAST,
  segment NULLS LAST
LIMIT 5
