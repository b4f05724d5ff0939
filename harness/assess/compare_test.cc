// SPDX-License-Identifier: GPL-2.0
#include "assess/compare.h"

#include <gtest/gtest.h>

#include "assess/testing.h"

namespace pinrig::assess {
namespace {

using model::Verdict;

DeltaKind kind_of(const SeenRow& before, const SeenRow& after) {
  const auto a = result_of(before);
  const auto b = result_of(after);
  return compare({&a}, {&b}).at(0).kind;
}

struct Pair {
  Verdict before;
  Verdict after;
  DeltaKind kind;
};

TEST(Compare, OrdersVerdicts) {
  using enum Verdict;
  for (const Pair& p :
       {Pair{pass, pass, DeltaKind::same},          Pair{pass, fail, DeltaKind::regression},
        Pair{fail, pass, DeltaKind::fixed},         Pair{pass, skip, DeltaKind::regression},
        Pair{skip, pass, DeltaKind::fixed},         Pair{pass, xfail, DeltaKind::regression},
        Pair{xfail, pass, DeltaKind::fixed},        Pair{fail, skip, DeltaKind::same},
        Pair{skip, fail, DeltaKind::regression},    Pair{fail, leak, DeltaKind::regression},
        Pair{leak, fail, DeltaKind::same},          Pair{crash, fail, DeltaKind::same},
        Pair{fail, crash, DeltaKind::regression},   Pair{pass, missing, DeltaKind::regression},
        Pair{missing, pass, DeltaKind::fixed},      Pair{pass, xpass, DeltaKind::regression},
        Pair{error, xfail, DeltaKind::fixed},       Pair{pass, leak, DeltaKind::regression},
        Pair{pass, timeout, DeltaKind::regression}, Pair{leak, leak, DeltaKind::same}})
    EXPECT_STREQ(to_string(kind_of({"a", p.before}, {"a", p.after})), to_string(p.kind))
        << model::to_string(p.before) << " " << model::to_string(p.after);
}

TEST(Compare, ALeakOfMorePagesIsWorse) {
  EXPECT_EQ(kind_of({"a", Verdict::leak, 4}, {"a", Verdict::leak, 5}), DeltaKind::regression);
  EXPECT_EQ(kind_of({"a", Verdict::leak, 4}, {"a", Verdict::leak, -5}), DeltaKind::regression);
  EXPECT_EQ(kind_of({"a", Verdict::leak, 5}, {"a", Verdict::leak, 4}), DeltaKind::same);
}

TEST(Compare, KnowsWhatIsNewAndWhatIsGone) {
  const auto a = result_of({"a", Verdict::pass});
  const auto old = result_of({"a:old", Verdict::fail});
  const auto b = result_of({"b", Verdict::leak, 3});
  const auto again = result_of({"a", Verdict::fail});
  const auto d = compare({&a, &old}, {&b, &a, &again});
  ASSERT_EQ(d.size(), 3U);
  EXPECT_STREQ(to_string(d[0].kind), "new");
  EXPECT_EQ(d[0].test, "b");
  EXPECT_FALSE(d[0].before.has_value());
  EXPECT_EQ(d[0].after->pages, 3);
  EXPECT_STREQ(to_string(d[1].kind), "same") << "of two rows with one name the first counts";
  EXPECT_STREQ(to_string(d[2].kind), "gone");
  EXPECT_EQ(d[2].case_name, "old");
  EXPECT_FALSE(d[2].after.has_value());
}

}  // namespace
}  // namespace pinrig::assess
