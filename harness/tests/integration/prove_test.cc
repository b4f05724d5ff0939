// SPDX-License-Identifier: GPL-2.0
// One proof, carried out: a test turns red on the mutant that it names and is green without.
#include "pipeline.h"

namespace pinrig::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Prove, ATestTurnsRedOnItsMutantAndIsGreenWithout) {
  const WarmSandbox box;
  const Ran ran = box.pinrig({"prove", "bio/dio_rw", "--run", "default"});
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("bio/dio_rw"), HasSubstr("mutant m02-bio-put-refs"), HasSubstr("1 of 1 proofs hold")));
}

TEST(Prove, ATestWithoutAProofIsBadUsage) {
  const WarmSandbox box;
  const Ran ran = box.pinrig({"prove", "mm/no_such_test"});
  EXPECT_EQ(ran.code, 2) << ran;
  EXPECT_THAT(ran.err, HasSubstr("matches no test with a proof"));
}

}  // namespace
}  // namespace pinrig::integration
