// SPDX-License-Identifier: GPL-2.0
// For the tests of the judge (suite oracle).
#pragma once

#include <stdbool.h>

// Should the test misbehave? (PINRIG_ORACLE=bad)
bool oracle_bad(void);
// Provokes the WARN_ON_ONCE of mm/gup.c, is_valid_gup_args() (before 6.3: of pin_user_pages()), by an invalid
// request to the gup_test driver. False when the running case was skipped or failed.
bool oracle_warn(void);
