SELECT
  users.gender AS `users.gender`,
  users.signup_channel AS `users.signup_channel`
FROM users
GROUP BY
  1,
  2
ORDER BY
  `users.gender` NULLS LAST,
  `users.signup_channel` NULLS LAST
