// SPDX-License-Identifier: GPL-2.0
#include "vm/testing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "vm/testing_qmp.h"
#include "wire/frame.h"
#include "wire/host_action.h"
#include "wire/messages.h"

namespace pinrig::vm {
namespace {

constexpr const char* role_variable = "PINRIG_FAKE_QEMU";
using Json = nlohmann::json;

void shake_hands(int qmp, bool kvm) {
  put(qmp, R"({"QMP": {}})"
           "\n");
  get(qmp);
  put(qmp, R"({"return": {}, "id": "capabilities"})"
           "\n");
  get(qmp);
  put(qmp, Json{{"return", {{"enabled", kvm}, {"present", true}}}, {"id", "kvm"}}.dump() + "\n");
}

void say(int control, const Json& message) {
  put(control, wire::encode(wire::Kind::json, 0, message.dump()));
}

void shut_down(int qmp, const char* reason) {
  put(qmp, Json{{"event", "SHUTDOWN"}, {"data", {{"guest", true}, {"reason", reason}}}}.dump() + "\n");
  ::_exit(0);
}

/// Answers requests like an agent until power off.
void be_good(int control, int qmp) {
  say(control, wire::Hello{});
  say(control, wire::HoldResult{"hold_result", true, "", 16, 0});
  for (;;) {
    const std::string bytes = get(control);
    wire::Decoder decoder(bytes);
    const auto frame = decoder.next();
    const auto request = Json::parse(frame ? frame->payload : std::string_view("{}"));
    const std::string type = request.value("type", "");
    if (type == "setup") say(control, wire::SetupDone{"setup_done", {"no rxe"}, {}});
    if (type == "run")
      say(control, Json{{"type", "test_end"}, {"id", request["id"]}, {"how", "exited"}, {"code", 7}});
    if (type == "power_off") shut_down(qmp, "guest-shutdown");
  }
}

/// In the role "sigkill@PHASE" or "sigstop@PHASE" it is done for in that phase.
void suffer(const std::string& role, const std::string& phase) {
  if (role == "sigkill@" + phase) ::kill(::getpid(), SIGKILL);
  if (role == "sigstop@" + phase) ::kill(::getpid(), SIGSTOP);
}

/// A panic after which QEMU holds the guest; `event`: it tells QEMU of that instead of being reset.
[[noreturn]] void stay_dead(int console, int qmp, bool event, bool can_dump) {
  put(console, "[    1.100000] Kernel panic - not syncing: sysrq triggered crash\n");
  const Json reset{{"event", "SHUTDOWN"}, {"data", {{"guest", true}, {"reason", "guest-reset"}}}};
  const Json told{{"event", "GUEST_PANICKED"}, {"data", {{"action", "pause"}}}};
  put(qmp, (event ? told : reset).dump() + "\n{\"event\": \"STOP\"}\n");
  for (;;) answer_qmp(qmp, event ? "guest-panicked" : "shutdown", can_dump);
}

/// What the test leaves in the roles that have it hang on or leak.
void leave_behind(const std::string& role, std::uint32_t id, wire::TestEnd& end) {
  if (role == "second_test_hangs_on" && id == 2) {
    end.stuck = {{41, "reader", "D", "[<0>] folio_wait_bit_common+0x1/0x2"}};
    end.stuck_count = 1;
  }
  if (role == "first_test_leaks" && id == 1) end.after.acquired = 16;
  if (role == "first_test_leaks" && id > 1) end.before.acquired = end.after.acquired = 16;
}

/// Leaves results like a real guest: every test passes, but in the role "second_test_kills" the second one
/// takes the guest along, and in "second_test_hangs_on" it leaves a process that cannot be killed. In
/// "bio_b_kills" the test bio/b takes every guest along. In "mute_console" the kernel's log does not reach
/// the console; "panics_at_power_off" does that.
void measure(int control, int qmp, const std::string& results, const std::string& role) {
  const bool second_dies = role == "second_test_kills" || role == "second_test_kills_once";
  const int file = ::open(results.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string console = (fs::path(results).parent_path() / "console.raw").string();
  const int log = role == "mute_console" ? -1 : ::open(console.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const auto tell = [&](const Json& message) {
    say(file, message);
    say(control, message);
  };
  const auto mark = [&](const char* what, const Json& request) {
    put(log, fmt::format("[    1.000000] pinrig: {} {}\n", what, request["name"].get<std::string>()));
  };
  std::int64_t taint = 0;
  wire::Hello hello;
  hello.release = "6.12.1-fake";
  hello.counters = true;
  hello.cpus = role == "lacks_things" ? 1 : 2;
  if (role == "lacks_things") hello.problems = {"huge pages: 64 wanted, 3 reserved"};
  suffer(role, "hello");
  tell(hello);
  suffer(role, "control");
  tell(wire::HoldResult{"hold_result", true, "", 16, 0});
  for (;;) {
    const std::string bytes = get(control);
    wire::Decoder decoder(bytes);
    const auto frame = decoder.next();
    const auto request = Json::parse(frame ? frame->payload : std::string_view("{}"));
    const std::string type = request.value("type", "");
    suffer(role, type == "run" ? fmt::format("test_{}", request["id"].get<int>()) : type);
    if (type == "setup") tell(wire::SetupDone{});
    if (type == "power_off" && role == "panics_at_power_off") stay_dead(log, qmp, false, true);
    if (type == "power_off") shut_down(qmp, "guest-shutdown");
    if (type != "run") continue;
    const auto id = request["id"].get<std::uint32_t>();
    say(file, wire::TestBegin{"test_begin", id, request["name"]});
    mark("begin", request);
    const bool dies = role == "bio_b_kills" && request["name"] == "bio/b";
    if (dies || (second_dies && id == 2)) shut_down(qmp, "guest-reset");
    wire::TestEnd end;
    end.before.taint = taint;
    const std::string said = warn(role, request["name"], log, taint);
    end.after.taint = taint;
    put(file, wire::encode(wire::Kind::out, id, "KTAP version 1\n1..1\n" + said + "ok 1 a\n"));
    end.id = id;
    end.how = "exited";
    end.before.available = end.before.settled = end.after.available = end.after.settled = true;
    end.once_armed = true;
    leave_behind(role, id, end);
    mark("end", request);
    tell(end);
    if (role == "first_test_leaks" && id == 1) {
      while (answer_qmp(qmp, "running", true) != "dump-guest-memory") {
      }
    }
  }
}

/// A test that asks for `device` to be unplugged, of which QEMU says `event` (nothing: it is silent); its
/// exit code is 1 when the host could not, its problem says why.
void be_unplugged(int control, int qmp, const std::string& device, const char* event) {
  const auto next = [&] {
    const std::string bytes = get(control);
    wire::Decoder decoder(bytes);
    const auto frame = decoder.next();
    return Json::parse(frame ? frame->payload : std::string_view("{}"));
  };
  say(control, wire::Hello{});
  const Json run = next();
  wire::HostAction action;
  action.id = 5;
  action.action = wire::HostActionKind::unplug;
  action.device = device;
  say(control, action);
  if (event != nullptr) {
    get(qmp);
    put(qmp, event);
  }
  const Json done = next();
  const bool mine = done.value("type", "") == "host_action_done" && done.value("id", 0) == 5;
  const std::string problem = mine ? done.value("problem", "") : "another answer";
  say(control, Json{{"type", "test_end"},
                    {"id", run["id"]},
                    {"how", "exited"},
                    {"code", problem.empty() ? 0 : 1},
                    {"problem", problem}});
  get(control);
  shut_down(qmp, "guest-shutdown");
}

/// QEMU's gdbstub: all that a stopped guest is told, until it goes on.
void serve_stub(int gdb, std::uint64_t pc) {
  const auto answer = [gdb](const std::string& text) {
    unsigned sum = 0;
    for (const char c : text) sum += static_cast<unsigned char>(c);
    put(gdb, fmt::format("+${}#{:02x}", text, sum & 0xff));
  };
  std::string registers(16 * 16, '0');
  for (int byte = 0; byte < 8; ++byte) registers += fmt::format("{:02x}", pc >> 8 * byte & 0xff);
  for (std::string bytes;;) {
    bytes += get(gdb);
    if (const auto interrupt = bytes.find('\x03'); interrupt != std::string::npos) {
      bytes.erase(interrupt, 1);
      answer("T02thread:p01.01;");
    }
    const auto start = bytes.find('$'), end = bytes.find('#');
    if (start == std::string::npos || end == std::string::npos || bytes.size() < end + 3) continue;
    const std::string command = bytes.substr(start + 1, end - start - 1);
    bytes.erase(0, end + 3);
    if (command.starts_with("vCont;c")) return;
    answer(command == "g"                   ? registers
           : command.starts_with("vCont;s") ? "T05thread:p01.02;"
           : command.starts_with("q")       ? "multiprocess+"
                                            : "OK");
  }
}

/// A test that has CPU 1 held, which arrives at `pc`, and lets it go; its problem is what the host answered.
/// In the role "holds_and_ends" it forgets that.
void be_held(int control, int qmp, int gdb, const std::string& role) {
  constexpr std::uint64_t pc = 0xffffffff81113060;
  const auto next = [&] {
    const std::string bytes = get(control);
    wire::Decoder decoder(bytes);
    const auto frame = decoder.next();
    return Json::parse(frame ? frame->payload : std::string_view("{}"));
  };
  say(control, wire::Hello{});
  const Json run = next();
  std::string heard;
  const auto ask = [&](wire::HostActionKind kind, const std::string& place) {
    wire::HostAction action;
    action.id = 5;
    action.action = kind;
    action.places.assign(role == "holds_too_many" ? 20000 : 1, place);
    action.cpu = 1;
    action.limit_ms = 60000;
    say(control, action);
    if (kind != wire::HostActionKind::await_held && place == "here") serve_stub(gdb, pc);
    const Json done = next();
    heard += done.value("problem", "?") + done.value("answer", "?") + ";";
  };
  const bool arms = role != "holds_nowhere" && role != "holds_too_many";
  ask(wire::HostActionKind::hold, arms ? "here" : "nowhere");
  if (arms) {
    put(gdb, "$T05thread:p01.02;#93");
    serve_stub(gdb, pc);
    ask(wire::HostActionKind::await_held, "here");
  }
  if (role == "holds") ask(wire::HostActionKind::release, "here");
  say(control, Json{{"type", "test_end"}, {"id", run["id"]}, {"how", "exited"}, {"problem", heard}});
  if (role == "holds_and_ends") serve_stub(gdb, pc);
  get(control);
  shut_down(qmp, "guest-shutdown");
}

/// A test that asks the host for one thing after the other, and one that never ends its message.
[[noreturn]] void never_stop_talking(int control, bool whole_messages) {
  say(control, wire::Hello{});
  get(control);
  wire::HostAction action;
  action.id = 1;
  if (!whole_messages) put(control, wire::encode_header(wire::Kind::json, 0, wire::max_payload));
  const std::string bytes = whole_messages ? wire::encode(wire::Kind::json, 0, Json(action).dump()) : "x";
  // Writes as long as somebody reads; the reader kills us.
  for (;;) put(control, bytes);
}

/// The begin of a guest and of its first test.
void begin_test(int control, int console) {
  wire::Hello hello;
  hello.counters = true;
  hello.cpus = 2;
  say(control, hello);
  say(control, wire::HoldResult{"hold_result", true, "", 16, 0});
  get(control);
  put(console, "[    1.000000] pinrig: begin bio/a\n");
}

/// Its test never ends. QEMU answers, and so does the kernel when a BREAK and a key come to its console,
/// unless it hangs itself.
[[noreturn]] void hang(int control, int qmp, const std::string& console, bool kernel_too) {
  const int out = ::open((console + ".out").c_str(), O_WRONLY | O_APPEND);
  const int in = ::open((console + ".in").c_str(), O_RDONLY);
  begin_test(control, out);
  for (;;) {
    const bool broken = answer_qmp(qmp, "running", true) == "chardev-send-break";
    if (broken && !kernel_too) put(out, "[    9.000000] sysrq: " + get(in).substr(0, 1) + "\n");
  }
}

/// Its kernel panics in the first test, and QEMU holds it.
[[noreturn]] void panic(int control, int qmp, const std::string& console, bool event, bool can_dump) {
  const int out = ::open((console + ".out").c_str(), O_WRONLY | O_APPEND);
  begin_test(control, out);
  stay_dead(out, qmp, event, can_dump);
}

constexpr const char* nvme0_left = R"({"event": "DEVICE_DELETED", "data": {"device": "nvme0", "path": "x"}})"
                                   "\n";
constexpr const char* nvme0_stays =
    R"({"event": "DEVICE_UNPLUG_GUEST_ERROR", "data": {"device": "nvme0", "path": "x"}})"
    "\n";

/// A guest whose kernel prints and prints, while a test runs.
void flood(int control, const std::string& file) {
  say(control, wire::Hello{});
  get(control);
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  put(fd, std::string(65536, 'x'));
}

/// A kernel that dies before its console is up, unless it has an early one.
void die_early(int qmp, const std::string& console, bool early) {
  const int fd = ::open(console.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (!early) return;
  put(fd,
      "[    0.000000] Linux version 6.12.1\n[    0.000000] Kernel panic - not syncing: No memory at all\n");
  shut_down(qmp, "guest-reset");
}

/// One message that no agent would send.
void say_what_is_wrong(const std::string& role, int control) {
  if (role == "bad_magic") put(control, std::string(64, 'x'));
  if (role == "not_json") put(control, wire::encode(wire::Kind::json, 0, "{\"type\":"));
  if (role == "not_object") put(control, wire::encode(wire::Kind::json, 0, "[1]"));
  if (role == "wrong_type") say(control, wire::SetupDone{});
  if (role == "type_is_number") say(control, Json{{"type", 5}});
  if (role == "huge_number")
    put(control, wire::encode(wire::Kind::json, 0, R"({"type":"hello","cpus":1e300})"));
  if (role == "field_of_wrong_type") say(control, Json{{"type", "hello"}, {"cpus", "many"}});
  if (role == "old_protocol") say(control, Json{{"type", "hello"}, {"protocol", 0}});
  if (role == "output_on_control") put(control, wire::encode(wire::Kind::out, 1, "text"));
  if (role == "too_long") put(control, wire::encode_header(wire::Kind::json, 0, wire::max_payload + 1));
}

/// Roles that say hello and then do something wrong.
void end_badly(const std::string& role, int control, int qmp, const std::string& results) {
  if (role == "fills_disk") {
    say(control, wire::Hello{});
    get(control);
    fill(results);
  }
  if (role == "refuses_requests") {
    say(control, wire::Hello{});
    get(control);
    say(control, wire::Refusal{"refusal", "setup.rxe has the wrong type: string"});
  }
  if (role == "deaf" || role == "wrong_id" || role == "resets_at_power_off") say(control, wire::Hello{});
  if (role == "wrong_id") {
    get(control);
    say(control, Json{{"type", "test_end"}, {"id", 99}});
  }
  if (role == "resets_at_power_off") {
    get(control);
    shut_down(qmp, "guest-reset");
  }
  if (role == "deaf") {
    while (get(qmp).find("quit") == std::string::npos) {
    }
    shut_down(qmp, "host-qmp-quit");
  }
}

void play(const std::string& role, int control, int qmp, const std::string& results, bool early) {
  const std::string console = (fs::path(results).parent_path() / "console.raw").string();
  if (role == "floods_console") flood(control, console);
  if (role == "floods_results") flood(control, results);
  if (role == "dies_before_its_console") die_early(qmp, console, early);
  if (role == "comes_up_with_earlycon" && early) be_good(control, qmp);
  if (role == "good" || role == "good_kvm") be_good(control, qmp);
  if (role == "panics_at_boot") shut_down(qmp, "guest-reset");
  const bool first = results.find("guest-2") == std::string::npos;
  if (role == "qemu_crashes" || (role == "qemu_crashes_once" && first)) {
    ::signal(SIGSEGV, SIG_DFL);
    ::kill(::getpid(), SIGSEGV);
  }
  say_what_is_wrong(role, control);
  if (role == "asks_for_ever") never_stop_talking(control, true);
  if (role == "drips_for_ever") never_stop_talking(control, false);
  if (role == "stops") put(qmp, "{\"event\": \"STOP\"}\n");
  if (role == "last_words") {
    say(control, wire::Hello{});
    shut_down(qmp, "guest-reset");
  }
  if (role == "measures" || role == "second_test_kills" || role == "second_test_kills_once" ||
      role == "bio_b_kills" || role == "second_test_hangs_on" || role == "first_test_leaks" ||
      role == "lacks_things" || role == "mute_console" || role == "qemu_crashes_once" ||
      role.ends_with("taint") || role == "panics_at_power_off" || role.find('@') != std::string::npos)
    measure(control, qmp, results, role);
  if (role == "slow_kernel") {
    wire::Hello hello;
    hello.uptime_s = 9;
    say(control, hello);
  }
  if (role == "unplugs") be_unplugged(control, qmp, "pin-gone", nvme0_left);
  if (role == "unplug_refused") be_unplugged(control, qmp, "pin-gone", nvme0_stays);
  if (role == "unplug_ignored") be_unplugged(control, qmp, "pin-gone", nullptr);
  if (role == "unplugs_another") be_unplugged(control, qmp, "pin-raw", nullptr);
  end_badly(role, control, qmp, results);
  for (;;) ::pause();
}

/// Runs before main, so that the test program needs no main of its own.
__attribute__((constructor)) void maybe_be_qemu(int argc, char** argv, char**) {
  const char* role = std::getenv(role_variable);
  if (role == nullptr || argc < 2 || std::strstr(argv[0], "qemu-system-") == nullptr) return;
  const std::string results = path_of(argc, argv, "file,id=results");
  const bool fresh_guest =
      results.find("/guest-2/") != std::string::npos || results.find("/alone-1/") != std::string::npos;
  if (std::strcmp(role, "refuses") == 0 || (std::strcmp(role, "second_test_kills") == 0 && fresh_guest)) {
    std::fputs("qemu-system-x86_64: -device nvme: 'nvme' is not a valid device model name\n", stderr);
    ::_exit(1);
  }
  const int qmp = connect_to(path_of(argc, argv, "socket,id=qmp"));
  const int control = connect_to(path_of(argc, argv, "socket,id=control"));
  if (qmp < 0 || control < 0) ::_exit(3);
  if (std::strcmp(role, "silent_qmp") == 0)
    for (;;) ::pause();
  suffer(role, "qmp");
  shake_hands(qmp, std::strcmp(role, "good_kvm") == 0);
  if (std::strcmp(role, "powers_off_at_once") == 0) shut_down(qmp, "guest-shutdown");
  bool early = false;
  for (int i = 1; i < argc; ++i) early |= std::strstr(argv[i], " earlyprintk=") != nullptr;
  const std::string gdb = path_of(argc, argv, "socket,id=gdb");
  if (!gdb.empty()) be_held(control, qmp, connect_to(gdb), role);
  if (const std::string share = path_of(argc, argv, "local,id=share"); !share.empty())
    flood(control, share + "/file");
  const std::string console = path_of(argc, argv, "pipe,id=console");
  if (std::strcmp(role, "test_hangs") == 0) hang(control, qmp, console, false);
  if (std::strcmp(role, "kernel_hangs") == 0) hang(control, qmp, console, true);
  const bool tells = std::strcmp(role, "tells_of_its_panic") == 0;
  const bool no_dump = std::strcmp(role, "cannot_be_dumped") == 0;
  if (tells || no_dump || std::strcmp(role, "panics_and_is_held") == 0)
    panic(control, qmp, console, tells, !no_dump);
  play(role, control, qmp, results, early);
}

}  // namespace

FakeQemu::FakeQemu(const std::string& role)
    : bin_(TempDir::create(fs::temp_directory_path(), "fake-qemu-").value()), old_path_(std::getenv("PATH")) {
  const fs::path self = fs::read_symlink("/proc/self/exe");
  for (const char* arch : {"x86_64", "aarch64"})
    fs::create_symlink(self, bin_.path() / (std::string("qemu-system-") + arch));
  ::setenv("PATH", (bin_.path().string() + ":" + old_path_).c_str(), 1);
  ::setenv(role_variable, role.c_str(), 1);
}

FakeQemu::~FakeQemu() {
  ::setenv("PATH", old_path_.c_str(), 1);
  ::unsetenv(role_variable);
}

}  // namespace pinrig::vm
