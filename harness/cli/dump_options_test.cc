// SPDX-License-Identifier: GPL-2.0
#include "cli/dump_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pinrig::cli {
namespace {

using model::DumpCause;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(DumpOptions, WordsAreCausesEachOnce) {
  model::DumpOrder order;
  dump_causes_into(order)({"on-leak", "on-crash", "on-leak"});
  EXPECT_THAT(order.when, ElementsAre(DumpCause::leak, DumpCause::crash));
}

TEST(DumpOptions, AnotherWordIsRefusedWithTheKnownOnes) {
  EXPECT_EQ(dump_cause()("on-hang"), "");
  EXPECT_THAT(dump_cause()("always"), HasSubstr("no such cause 'always'; known: on-crash, on-leak, on-hang"));
}

TEST(DumpOptions, CommasAndRepetitionAreTheSame) {
  const auto parsed = [](Words words) {
    CLI::App app;
    model::DumpOrder order;
    app.add_option_function<Words>("--dump", dump_causes_into(order), dump_text)
        ->delimiter(',')
        ->check(dump_cause());
    std::reverse(words.begin(), words.end());
    app.parse(words);
    return order.when;
  };
  EXPECT_EQ(parsed({"--dump", "on-crash,on-hang"}), parsed({"--dump", "on-crash", "--dump", "on-hang"}));
  EXPECT_THROW(parsed({"--dump", "on-crash,on-fire"}), CLI::ValidationError);
}

}  // namespace
}  // namespace pinrig::cli
