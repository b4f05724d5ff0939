// SPDX-License-Identifier: GPL-2.0
// Proofs, carried out: a test turns red on the mutant that it names and is green without. One is always the
// same; which others, the commit decides, so that in time every test of the default run has its turn.
// PINRIG_PROOF_SEED takes those of another commit again.
#include <cstdlib>

#include "base/text.h"
#include "pipeline.h"

namespace pinrig::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Prove, ATestTurnsRedOnItsMutantAndIsGreenWithout) {
  const WarmSandbox box;
  const Ran ran = box.pinrig({"prove", "bio/dio_rw", "--run", "default"});
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("bio/dio_rw"), HasSubstr("mutant m02-bio-put-refs"),
                             HasSubstr("1 of 1 proofs hold")));
}

// The judge itself: stuck tasks, losses, known issues that grow, warnings behind others, a console that goes
// blind.
TEST(Prove, NothingThatMustBeRedIsOverlooked) {
  const WarmSandbox box;
  const Ran ran = box.pinrig({"prove", "oracle", "--run", "default"});
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("13 of 13 proofs hold"));
}

std::string seed() {
  if (const char* given = std::getenv("PINRIG_PROOF_SEED")) return given;
  process::Command c;
  c.argv = {"git", "-C", PINRIG_SOURCE_DIR, "rev-parse", "HEAD"};
  return std::string(trim(run(c).out));
}

TEST(Prove, ASampleOfTheDefaultRun) {
  const WarmSandbox box;
  const std::string which = seed();
  ASSERT_NE(which, "") << "neither a commit nor PINRIG_PROOF_SEED";
  const Ran ran = box.pinrig({"prove", "--run", "default", "--sample", "2", "--seed", which});
  EXPECT_EQ(ran.code, 0) << "seed " << which << "\n" << ran;
  EXPECT_THAT(ran.out, HasSubstr("2 of 2 proofs hold"));
}

TEST(Prove, ATestWithoutAProofIsBadUsage) {
  const WarmSandbox box;
  const Ran ran = box.pinrig({"prove", "mm/no_such_test"});
  EXPECT_EQ(ran.code, 2) << ran;
  EXPECT_THAT(ran.err, HasSubstr("prove mm/no_such_test: no such test"));
}

}  // namespace
}  // namespace pinrig::integration
