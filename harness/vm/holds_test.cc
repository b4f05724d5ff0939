// SPDX-License-Identifier: GPL-2.0
#include "vm/holds.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

namespace pinrig::vm {
namespace {

using ::testing::HasSubstr;

class HoldsTest : public ::testing::Test {
 protected:
  HoldsTest() : dir_(TempDir::create(fs::temp_directory_path(), "holds-test-").value()) {
    job_.vmlinux = (dir_.path() / "vmlinux").string();
    EXPECT_TRUE(write_file_atomic(dir_.path() / "System.map", "ffffffff81113060 t here\n").has_value());
  }
  Holds holds(Seconds limit) {
    Holds made(job_, Channel::listen_at(dir_.path() / "gdb").value(), cancel_, limit);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (dir_.path() / "gdb").c_str());
    qemu_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM, 0));
    EXPECT_EQ(::connect(qemu_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    made.handle(POLLIN);
    return made;
  }
  /// QEMU sends `packet`, whose checksum nobody looks at.
  void send(Holds& holds, const std::string& packet) {
    const std::string bytes = "+$" + packet + "#00";
    EXPECT_EQ(::write(qemu_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    holds.handle(POLLIN);
  }
  void arrive(Holds& holds) {
    std::string registers(16 * 16, '0');
    registers += "60301181ffffffff00";
    for (const char* packet : {"T02thread:01;", "multiprocess+", "OK", "T05thread:p01.02;", "OK"})
      send(holds, packet);
    send(holds, registers);
    send(holds, "OK");
  }

  TempDir dir_;
  model::JobSpec job_;
  UniqueFd qemu_;
  CancelToken cancel_;
};

TEST_F(HoldsTest, WhatNobodyReleasesIsReleased) {
  Holds made = holds(Seconds(0));
  EXPECT_EQ(made.hold({"here"}, 1).problem, "");
  arrive(made);
  made.handle(0);
  EXPECT_EQ(made.reached({"here"}), "");
  EXPECT_THAT(made.hopeless({"here"}), HasSubstr("what was held was released after"));
  EXPECT_THAT(made.release({"here"}).problem, HasSubstr("what was held was released after"));
  made.end();
  EXPECT_THAT(made.hopeless({"here"}), HasSubstr("no CPU is to be held at here")) << "of an earlier test";
}

TEST_F(HoldsTest, WhatIsReleasedInTimeIsNoProblem) {
  Holds made = holds(Seconds(3600));
  EXPECT_EQ(made.hold({"here"}, 1).problem, "");
  EXPECT_EQ(made.due().poll_ms(), -1);
  arrive(made);
  EXPECT_GT(made.due().poll_ms(), 0);
  EXPECT_EQ(made.reached({"elsewhere", "here"}), "here");
  EXPECT_EQ(made.release({"here"}).problem, "");
  made.handle(0);
  EXPECT_EQ(made.due().poll_ms(), -1);
}

TEST_F(HoldsTest, WhereTheCpusAreIsSaid) {
  EXPECT_TRUE(write_file_atomic(dir_.path() / "System.map",
                                "ffffffff81113060 t here\nffffffff81113080 T next\nffffffff81114000 B data\n")
                  .has_value());
  Holds made = holds(Seconds(3600));
  EXPECT_EQ(made.hold({"here"}, 1).problem, "");
  arrive(made);
  made.locate();
  send(made, "T02thread:p01.01;");
  for (const char* pc : {"9030118100000000", "6030118100000000"}) {
    send(made, "OK");
    std::string address = pc;
    address.replace(8, 8, "ffffffff");
    send(made, std::string(16 * 16, '0') + address + "00");
  }
  EXPECT_EQ(made.whereabouts(), "CPU 0 is in next+0x10, CPU 1 is held at here+0x0");
}

TEST_F(HoldsTest, PlacesThatTheKernelLacksAreLeftOut) {
  Holds made = holds(Seconds(3600));
  const auto answer = made.hold({"there", "here"}, 1);
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(answer.armed, std::vector<std::string>{"here"});
  EXPECT_THAT(made.hopeless({"there"}), HasSubstr("no CPU is to be held at there"));
  EXPECT_EQ(made.hopeless({"there", "here"}), "");
}

TEST_F(HoldsTest, MistakesAreNamed) {
  Holds made = holds(Seconds(3600));
  EXPECT_THAT(made.hold({"here"}, 2).problem, HasSubstr("CPU 2: the machine has 2 CPUs (needs: {cpus: 3})"));
  EXPECT_EQ(made.hold({"here"}, 1).problem, "");
  EXPECT_THAT(made.hold({"here"}, 0).problem, HasSubstr("here is armed already"));
  EXPECT_TRUE(made.hold({"there"}, 1).lacking);
  EXPECT_THAT(made.release({"there"}).problem, HasSubstr("no CPU is to be held at there"));
  job_.vmlinux = "/nowhere/vmlinux";
  fs::remove(dir_.path() / "gdb");
  const auto answer = holds(Seconds(1)).hold({"here"}, 1);
  EXPECT_TRUE(answer.lacking);
  EXPECT_THAT(answer.problem, HasSubstr("/nowhere/System.map"));
}

TEST_F(HoldsTest, GdbIsAskedForALine) {
  const auto programs = dir_.path() / "bin";
  fs::create_directory(programs);
  for (const char* name : {"gdb", "gdb-multiarch"}) {
    const auto path = programs / name;
    EXPECT_TRUE(write_file_atomic(path,
                                  "#!/bin/sh\n"
                                  "[ \"$1 $2 $3 $4\" = '-nx -batch -ex break mm/gup.c:7' ] || exit\n"
                                  "echo '1  breakpoint  keep y  0x1040 in a at mm/gup.c:7'\n"
                                  "echo '1.2           y  0xffffffff81113060 in b at mm/gup.c:7'\n")
                    .has_value());
    fs::permissions(path, fs::perms::owner_all);
  }
  const std::string before = ::getenv("PATH");
  ::setenv("PATH", (programs.string() + ":" + before).c_str(), 1);
  Holds made = holds(Seconds(3600));
  EXPECT_EQ(made.hold({"mm/gup.c:7"}, 1).problem, "");
  EXPECT_THAT(made.hold({"here"}, 1).problem, HasSubstr("here is armed already")) << "the second address";
  EXPECT_THAT(made.hold({"mm/gup.c:8"}, 1).problem, HasSubstr("has no code of mm/gup.c:8"));
  EXPECT_EQ(made.release({"mm/gup.c:7"}).problem, "");
  EXPECT_EQ(made.hold({"here"}, 1).problem, "");
  ::setenv("PATH", before.c_str(), 1);
}

}  // namespace
}  // namespace pinrig::vm
