SELECT
  CAST(DATE_TRUNC(
    'quarter',
    CONVERT_TIMEZONE('UTC', 'Asia/Bangkok', CAST(points.occurred_at AS TIMESTAMP_NTZ))
  ) AS DATE) AS quarter,
  COALESCE(
    SUM(COALESCE(points.points, CAST(NULL AS DECIMAL(1, 0)))) FILTER(WHERE
      points.entry_type = 'earn'),
    0
  ) AS points_earned,
  COALESCE(
    SUM(COALESCE(-points.points, CAST(NULL AS DECIMAL(1, 0)))) FILTER(WHERE
      points.entry_type = 'redeem'),
    0
  ) AS points_redeemed,
  CAST(COALESCE(
    SUM(COALESCE(-points.points, CAST(NULL AS DECIMAL(1, 0)))) FILTER(WHERE
      points.entry_type = 'redeem'),
    0
  ) AS DOUBLE) / NULLIF(
    COALESCE(
      SUM(COALESCE(points.points, CAST(NULL AS DECIMAL(1, 0)))) FILTER(WHERE
        points.entry_type = 'earn'),
      0
    ),
    0
  ) AS redemption_rate
FROM points_ledger AS points
WHERE
  points.entry_type = 'earn' OR points.entry_type = 'redeem'
GROUP BY
  1
ORDER BY
  quarter NULLS LAST
