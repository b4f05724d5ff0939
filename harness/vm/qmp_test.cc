// SPDX-License-Identifier: GPL-2.0
#include "vm/qmp.h"

#include <gmock/gmock.h>

namespace pinrig::vm {
namespace {

using ::testing::HasSubstr;

constexpr const char* greeting = R"({"QMP": {"version": {}, "capabilities": ["oob"]}})"
                                 "\r\n";

Qmp shaken_hands(bool kvm) {
  Qmp qmp;
  qmp.feed(greeting);
  EXPECT_THAT(qmp.take_output(), HasSubstr("qmp_capabilities"));
  qmp.feed(R"({"return": {}, "id": "capabilities"})"
           "\r\n");
  EXPECT_THAT(qmp.take_output(), HasSubstr("query-kvm"));
  EXPECT_FALSE(qmp.ready());
  qmp.feed(std::string(R"({"return": {"enabled": )") + (kvm ? "true" : "false") +
           R"(, "present": true}, "id": "kvm"})"
           "\r\n");
  return qmp;
}

TEST(Qmp, HandshakeTellsTheAcceleratorInUse) {
  EXPECT_TRUE(shaken_hands(true).ready());
  EXPECT_TRUE(shaken_hands(true).kvm());
  EXPECT_TRUE(shaken_hands(false).ready());
  EXPECT_FALSE(shaken_hands(false).kvm());
}

TEST(Qmp, ACommandHasItsAnswer) {
  Qmp qmp = shaken_hands(false);
  qmp.take_output();
  qmp.send_command("human-monitor-command", R"({"command-line": "info registers -a"})");
  EXPECT_THAT(qmp.take_output(), HasSubstr("\"command-line\":\"info registers -a\""));
  EXPECT_FALSE(qmp.answer().has_value());
  qmp.feed("{\"return\": \"CPU#0\\r\\n\", \"id\": \"command\"}\n");
  EXPECT_EQ(qmp.answer()->text, "CPU#0\r\n");
  EXPECT_EQ(qmp.answer()->problem, "");
  qmp.send_command("query-status");
  EXPECT_FALSE(qmp.answer().has_value()) << "the one before does not answer it";
  qmp.feed("{\"return\": {\"status\": \"running\"}, \"id\": \"command\"}\n");
  EXPECT_EQ(qmp.answer()->text, "{\"status\":\"running\"}");
  qmp.send_command("stop");
  qmp.feed("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}, \"id\": \"command\"}\n");
  EXPECT_EQ(qmp.answer()->problem, "no");
  EXPECT_EQ(qmp.problem(), "") << "one that is refused is no fault of the protocol";
}

TEST(Qmp, LinesMayComeInPieces) {
  Qmp qmp;
  for (const char* c = greeting; *c != '\0'; ++c) qmp.feed(std::string_view(c, 1));
  EXPECT_THAT(qmp.take_output(), HasSubstr("qmp_capabilities"));
}

TEST(Qmp, EventsBeforeTheHandshakeCount) {
  Qmp qmp;
  qmp.feed(R"({"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}})"
           "\n");
  EXPECT_EQ(qmp.shutdown_reason(), "guest-reset");
}

TEST(Qmp, QemuIsToHoldAGuestThatDies) {
  Qmp qmp;
  qmp.feed(greeting);
  (void)qmp.take_output();
  qmp.feed(R"({"return": {}, "id": "capabilities"})"
           "\n");
  EXPECT_THAT(qmp.take_output(),
              HasSubstr(R"({"arguments":{"panic":"pause","shutdown":"pause"},"execute":"set-action")"));
  qmp.feed(R"({"error": {"class": "CommandNotFound", "desc": "set-action"}, "id": "actions"})"
           "\n");
  EXPECT_EQ(qmp.problem(), "") << "before QEMU 6.0 it ends with its guest";
}

TEST(Qmp, AGuestIsOverWhenItDiedOrSwitchedItselfOff) {
  const auto after = [](const char* event) {
    Qmp qmp = shaken_hands(false);
    EXPECT_FALSE(qmp.over());
    qmp.feed(std::string(event) + "\n");
    return qmp;
  };
  const auto reset = after(R"({"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}})");
  EXPECT_TRUE(reset.died() && reset.over() && !reset.panicked());
  const auto panic = after(R"({"event": "GUEST_PANICKED", "data": {"action": "pause"}})");
  EXPECT_TRUE(panic.died() && panic.over() && panic.panicked());
  const auto off = after(R"({"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}})");
  EXPECT_TRUE(off.over() && !off.died());
  EXPECT_FALSE(after(R"({"event": "STOP"})").over());
}

TEST(Qmp, AStoppedGuestIsSeenUntilItResumes) {
  Qmp qmp = shaken_hands(true);
  qmp.feed("{\"event\": \"STOP\"}\n");
  EXPECT_TRUE(qmp.stopped());
  qmp.feed("{\"event\": \"RESUME\"}\n");
  EXPECT_FALSE(qmp.stopped());
}

TEST(Qmp, ADeviceIsGoneWhenQemuSaysSo) {
  Qmp qmp = shaken_hands(false);
  (void)qmp.take_output();
  qmp.send_device_del("nvme1");
  const std::string out = qmp.take_output();
  EXPECT_THAT(out, HasSubstr(R"("execute":"device_del")"));
  EXPECT_THAT(out, HasSubstr(R"("arguments":{"id":"nvme1"})"));
  qmp.feed(R"({"return": {}, "id": "remove:nvme1"})"
           "\n");
  qmp.feed(R"({"event": "DEVICE_DELETED", "data": {"path": "/machine/peripheral-anon/device[3]"}})"
           "\n");
  qmp.feed(R"({"event": "DEVICE_DELETED", "data": {"device": "nvme0", "path": "/machine/peripheral/nvme0"}})"
           "\n");
  EXPECT_EQ(qmp.removal("nvme1"), std::nullopt) << "the command was taken, others have left";
  qmp.feed(R"({"event": "DEVICE_DELETED", "data": )"
           R"({"device": "nvme1", "path": "/machine/peripheral/nvme1"}})"
           "\n");
  EXPECT_EQ(qmp.removal("nvme1"), "");
  EXPECT_EQ(qmp.problem(), "");
}

TEST(Qmp, ADeviceThatStaysSaysWhy) {
  Qmp qmp = shaken_hands(false);
  qmp.send_device_del("nvme1");
  qmp.feed(
      R"({"error": {"class": "DeviceNotFound", "desc": "Device 'nvme1' not found"}, "id": "remove:nvme1"})"
      "\n");
  EXPECT_EQ(qmp.removal("nvme1"), "QEMU: Device 'nvme1' not found");
  EXPECT_EQ(qmp.problem(), "") << "the guest goes on";
  qmp.send_device_del("nvme1");
  EXPECT_EQ(qmp.removal("nvme1"), std::nullopt) << "asked anew";
  qmp.feed(R"({"event": "DEVICE_UNPLUG_GUEST_ERROR", "data": )"
           R"({"device": "nvme1", "path": "/machine/peripheral/nvme1"}})"
           "\n");
  EXPECT_THAT(qmp.removal("nvme1").value_or(""), HasSubstr("the guest refuses"));
}

TEST(Qmp, ErrorsAndGarbageAreProblems) {
  Qmp refused;
  refused.feed(R"({"error": {"class": "GenericError", "desc": "no such thing"}, "id": "kvm"})"
               "\n");
  EXPECT_THAT(refused.problem(), HasSubstr("no such thing"));
  Qmp garbage;
  garbage.feed("hello\n");
  EXPECT_THAT(garbage.problem(), HasSubstr("not a QMP message: hello"));
  Qmp wrong_type;
  wrong_type.feed(R"({"return": 3, "id": "kvm"})"
                  "\n");
  EXPECT_THAT(wrong_type.problem(), HasSubstr("query-kvm"));
}

TEST(Qmp, ALineWithoutEndIsBounded) {
  Qmp qmp;
  qmp.feed(std::string(70 << 10, 'x'));
  EXPECT_THAT(qmp.problem(), HasSubstr("64 KiB"));
}

}  // namespace
}  // namespace pinrig::vm
