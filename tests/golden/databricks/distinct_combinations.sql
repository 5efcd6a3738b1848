SELECT
  `users.gender`,
  `users.signup_channel`
FROM (
  SELECT
    users.gender AS `users.gender`,
    users.signup_channel AS `users.signup_channel`
  FROM users
  GROUP BY
    1,
    2
) AS answer
ORDER BY
  CASE `users.gender` WHEN 'female' THEN 0 WHEN 'male' THEN 1 WHEN 'other' THEN 2 END NULLS LAST,
  `users.gender` NULLS LAST,
  `users.signup_channel` NULLS LAST
