// SPDX-License-Identifier: GPL-2.0
#include "patience.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace pinrig::agent {
namespace {

class Patience : public testing::Test {
 protected:
  void TearDown() override { unsetenv("PINRIG_SETTLE_MS"); }
};

TEST_F(Patience, IsAsMuchLongerAsTheAgentsOnASlowGuest) {
  unsetenv("PINRIG_SETTLE_MS");
  EXPECT_EQ(patience_scaled(800), 800);
  setenv("PINRIG_SETTLE_MS", "2000", 1);
  EXPECT_EQ(patience_scaled(800), 800);
  setenv("PINRIG_SETTLE_MS", "7000", 1);
  EXPECT_EQ(patience_scaled(800), 2800);
  setenv("PINRIG_SETTLE_MS", "100", 1);
  EXPECT_EQ(patience_scaled(800), 800) << "never shorter";
  setenv("PINRIG_SETTLE_MS", "99999999999", 1);
  EXPECT_EQ(patience_scaled(800), 80000);
}

TEST_F(Patience, OneFailureShortensNothingForTheCasesAfterIt) {
  struct patience p = {800, 0};
  patience_ended(&p, true);
  EXPECT_EQ(patience_now(&p), 800);
  patience_ended(&p, true);
  EXPECT_EQ(patience_now(&p), 800);
  for (int i = 0; i < 20; ++i) patience_ended(&p, true);
  EXPECT_EQ(patience_now(&p), 50) << "a kernel that is wrong everywhere";
  patience_ended(&p, false);
  EXPECT_EQ(patience_now(&p), 800);
}

}  // namespace
}  // namespace pinrig::agent
