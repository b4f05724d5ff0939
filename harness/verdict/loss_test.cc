// SPDX-License-Identifier: GPL-2.0
#include "verdict/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::verdict {
namespace {

using model::Loss;
using model::LossFacts;
using testing::ElementsAre;
using testing::IsEmpty;

/// A guest whose test does not end.
LossFacts silent() { return {.qemu_runs = true, .in_test = true, .asked = true, .printed = 9000}; }

TEST(JudgeLoss, AKernelThatAnswersHasATestThatHangs) {
  auto f = silent();
  f.answer = 2048;
  f.cpus = {"CPU 0 in __schedule+0x10"};
  const auto j = judge_loss(f);
  EXPECT_EQ(j.loss, Loss::test_hung);
  EXPECT_THAT(j.evidence, ElementsAre("the kernel answers sysrq (2.0 KiB)", "CPU 0 in __schedule+0x10"));
}

TEST(JudgeLoss, AKernelThatDoesNotAnswerHangs) {
  auto f = silent();
  f.cpus = {"CPU 0 in _raw_spin_lock+0x10", "CPU 1 halted in default_idle+0xf"};
  const auto j = judge_loss(f);
  EXPECT_EQ(j.loss, Loss::kernel_hung);
  EXPECT_THAT(j.evidence, ElementsAre("the kernel does not answer sysrq", "CPU 0 in _raw_spin_lock+0x10",
                                      "CPU 1 halted in default_idle+0xf"));
}

TEST(JudgeLoss, AKernelThatAnswersWithoutATestHasLostItsOutput) {
  auto f = silent();
  f.answer = 10;
  f.in_test = false;
  EXPECT_EQ(judge_loss(f).loss, Loss::output_lost);
  f.in_test = true;
  f.printed = 0;
  EXPECT_EQ(judge_loss(f).loss, Loss::output_lost) << "the marks of the test never came";
  f.printed = 1;
  f.bad_messages = true;
  EXPECT_EQ(judge_loss(f).loss, Loss::output_lost);
}

TEST(JudgeLoss, QemuThatEndsByItselfIsGone) {
  LossFacts f{.qemu_signal = 11, .in_test = true, .printed = 10, .qemu = "qemu killed by SIGSEGV"};
  EXPECT_EQ(judge_loss(f).loss, Loss::qemu_gone);
  EXPECT_THAT(judge_loss(f).evidence, ElementsAre("qemu killed by SIGSEGV"));
  f.restarted = true;
  EXPECT_EQ(judge_loss(f).loss, Loss::qemu_gone) << "a signal is no reset";
}

TEST(JudgeLoss, AGuestThatQemuStoppedIsNoHungKernel) {
  auto f = silent();
  f.asked = false;
  f.stopped = "internal-error";
  const auto j = judge_loss(f);
  EXPECT_EQ(j.loss, Loss::qemu_gone);
  EXPECT_THAT(j.evidence, ElementsAre("QEMU stopped the guest: internal-error"));
}

TEST(JudgeLoss, AResetThatNobodyAskedForIsAPanic) {
  const LossFacts f{.restarted = true, .in_test = true, .printed = 10, .qemu = "qemu exit 0 (guest-reset)"};
  EXPECT_EQ(judge_loss(f).loss, Loss::panicked);
}

TEST(JudgeLoss, AReportOfThePanicOutranksHowQemuEnded) {
  LossFacts f{.fatal_event = true, .qemu_signal = 9, .qemu = "qemu killed by SIGKILL"};
  EXPECT_EQ(judge_loss(f).loss, Loss::panicked);
  f = silent();
  f.fatal_event = true;
  EXPECT_EQ(judge_loss(f).loss, Loss::panicked) << "a panic that does not reset";
}

TEST(JudgeLoss, AGuestThatQemuHoldsAfterItsPanicIsNoneThatQemuStopped) {
  LossFacts f{
      .restarted = true, .qemu_runs = true, .in_test = true, .printed = 10, .cpus = {"CPU 0 in panic+0x1"}};
  EXPECT_EQ(judge_loss(f).loss, Loss::panicked);
  f.panic_event = true;
  EXPECT_THAT(judge_loss(f).evidence, ElementsAre("the kernel told QEMU of its panic", "CPU 0 in panic+0x1"));
}

TEST(JudgeLoss, AnNmiSaysWhatAHungKernelDoes) {
  auto f = silent();
  f.nmi = 2048;
  EXPECT_EQ(judge_loss(f).loss, Loss::kernel_hung) << "it would not have panicked by itself";
  EXPECT_THAT(judge_loss(f).evidence,
              ElementsAre("the kernel does not answer sysrq", "an NMI made it print 2.0 KiB"));
}

TEST(JudgeLoss, AnEndThatWasWantedIsNoLoss) {
  auto f = silent();
  f.wanted = true;
  EXPECT_EQ(judge_loss(f).loss, Loss::none);
  EXPECT_THAT(judge_loss(f).evidence, IsEmpty());
}

TEST(LossNames, ComeBack) {
  for (const auto loss :
       {Loss::none, Loss::test_hung, Loss::kernel_hung, Loss::output_lost, Loss::qemu_gone, Loss::panicked})
    EXPECT_EQ(model::loss_from_string(model::to_string(loss)), loss);
  EXPECT_FALSE(model::loss_from_string("hung").has_value());
}

}  // namespace
}  // namespace pinrig::verdict
