// SPDX-License-Identifier: GPL-2.0
// Against an ELF file that the compiler makes here: two functions inlined into a third, in a tree with
// init/main.c.
#include "symbols/symbols.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "base/cancel.h"
#include "base/file.h"
#include "process/process.h"
#include "symbols/locate.h"

namespace pinrig::symbols {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* gup_c =
    "static inline __attribute__((always_inline)) int try_grab(int x)\n"
    "{\n"
    "\tasm volatile(\".globl inside\\ninside: nop\");\n"
    "\treturn x + 1;\n"
    "}\n"
    "static inline __attribute__((always_inline)) int gup_fast(int x)\n"
    "{\n"
    "\treturn try_grab(x) * 2;\n"
    "}\n"
    "__attribute__((noinline)) int pin_user_pages(int x)\n"
    "{\n"
    "\tx = gup_fast(x);\n"
    "\tasm volatile(\".globl after\\nafter: nop\");\n"
    "\treturn x;\n"
    "}\n";
constexpr const char* twice_c =
    "static __attribute__((noinline, used)) int twice(int x) { return x + ADD; }\n"
    "int NAME(int x) { return twice(x); }\n";
// The call is the last instruction of never(): it returns to following().
constexpr const char* never_c =
    "__attribute__((no_reorder, noinline)) void never(void)\n"
    "{\n"
    "\tasm volatile(\"call entry\");\n"
    "\t__builtin_unreachable();\n"
    "}\n"
    "__attribute__((no_reorder)) int following(int x)\n"
    "{\n"
    "\treturn x;\n"
    "}\n";
constexpr const char* main_c =
    "enum pageflags { PG_locked, PG_head = 6 } page_flags; int pin_user_pages(int x);\nvoid entry(void) { "
    "pin_user_pages(1); }\n";

class Made : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new TempDir(TempDir::create(fs::temp_directory_path(), "pinrig-symbols-").value());
    ASSERT_TRUE(write("mm/gup.c", gup_c) && write("init/main.c", main_c) && write("mm/twice.c", twice_c) &&
                write("mm/never.c", never_c));
    make({"-g"}, "vmlinux");
    make({}, "plain");
  }
  static void TearDownTestSuite() { delete dir_; }

  static bool write(const std::string& name, const std::string& text) {
    const fs::path file = dir_->path() / "tree" / name;
    fs::create_directories(file.parent_path());
    return write_file_atomic(file, text).has_value();
  }

  // As a kernel is built with O=: from a directory beside the tree, by a relative path.
  static void make(const std::vector<std::string>& options, const std::string& to) {
    const fs::path build = dir_->path() / "build";
    fs::create_directories(build);
    std::vector<std::string> argv{"gcc",       "-O2",     "-fno-pie",     "-no-pie",
                                  "-nostdlib", "-static", "-Wl,-e,entry", "-fno-align-functions"};
    argv.insert(argv.end(), options.begin(), options.end());
    for (const std::string object : {"a", "b"}) {
      std::vector<std::string> one{"gcc",
                                   "-O2",
                                   "-fno-pie",
                                   "-c",
                                   "-DNAME=" + object,
                                   "-DADD=" + std::to_string(object == "a" ? 70000 : 70001),
                                   "../tree/mm/twice.c",
                                   "-o",
                                   object + ".o"};
      one.insert(one.end(), options.begin(), options.end());
      run(one, build);
      argv.push_back(object + ".o");
    }
    for (const char* source : {"../tree/init/main.c", "../tree/mm/gup.c", "../tree/mm/never.c"})
      argv.emplace_back(source);
    argv.insert(argv.end(), {"-o", to});
    run(argv, build);
  }

  static std::string run(const std::vector<std::string>& argv, const fs::path& cwd) {
    process::Command c;
    c.argv = argv;
    c.cwd = cwd;
    const auto done = process::run_ok(c, CancelToken());
    EXPECT_TRUE(done.has_value()) << done.error().message;
    return done.has_value() ? done->out : "";
  }

  static fs::path file(const std::string& name) { return dir_->path() / "build" / name; }
  static Vmlinux vmlinux() { return Vmlinux::open(file("vmlinux")).value(); }

  struct Symbol {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
  };
  // What nm -S says; of names that are there twice the last.
  static std::map<std::string, Symbol> symbols() {
    std::map<std::string, Symbol> out;
    std::istringstream said(run({"nm", "-S", "vmlinux"}, dir_->path() / "build"));
    for (std::string line; std::getline(said, line);) {
      std::istringstream words(line);
      std::string address, size, type, name;
      words >> address >> size >> type >> name;
      if (name.empty()) std::tie(name, size) = std::pair(type, std::string("0"));
      out[name] = {std::stoull(address, nullptr, 16), std::stoull(size, nullptr, 16)};
    }
    return out;
  }

  static TempDir* dir_;
};
TempDir* Made::dir_ = nullptr;

std::vector<std::string> shown(const std::vector<Place>& places) {
  std::vector<std::string> out;
  for (const auto& p : places)
    out.push_back(fmt::format("{} {}:{}{}", p.function, p.file, p.line, p.inlined ? " inlined" : ""));
  return out;
}

TEST_F(Made, AnEnumeratorHasItsValue) {
  EXPECT_EQ(vmlinux().enumerator("pageflags", "PG_head"), 6);
  EXPECT_FALSE(vmlinux().enumerator("pageflags", "PG_none").has_value());
  EXPECT_FALSE(vmlinux().enumerator("none", "PG_head").has_value());
  EXPECT_FALSE(Vmlinux::open(file("plain"))->enumerator("pageflags", "PG_head").has_value());
}

TEST_F(Made, AnAddressIsALineWithWhatWasInlinedThere) {
  const auto known = symbols();
  EXPECT_THAT(shown(vmlinux().at(known.at("inside").address)),
              ElementsAre("try_grab mm/gup.c:3 inlined", "gup_fast mm/gup.c:8 inlined",
                          "pin_user_pages mm/gup.c:12"));
  EXPECT_THAT(shown(vmlinux().at(known.at("after").address)), ElementsAre("pin_user_pages mm/gup.c:13"));
  EXPECT_THAT(vmlinux().at(0x10), IsEmpty());
}

TEST_F(Made, AFrameIsFoundByNameAndSize) {
  const auto known = symbols();
  const auto& function = known.at("pin_user_pages");
  const std::uint64_t offset = known.at("inside").address - function.address;
  const auto text = [&](const char* form, std::uint64_t at, std::uint64_t size) {
    return shown(vmlinux().at(frame_in(fmt::format(fmt::runtime(form), at, size))));
  };
  EXPECT_THAT(text("RIP: 0010:pin_user_pages+{:#x}/{:#x}", offset, function.size), testing::SizeIs(3));
  EXPECT_THAT(text("pc : pin_user_pages+{:#x}/{:#x}", offset, function.size), testing::SizeIs(3));
  // The nop is one byte: a call that returned behind it was made at it.
  EXPECT_THAT(text(" pin_user_pages+{:#x}/{:#x}", offset + 1, function.size), testing::SizeIs(3));
  EXPECT_THAT(text(" pin_user_pages+{:#x}/{:#x} (P)", offset, function.size), testing::SizeIs(3));
  EXPECT_THAT(text(" pin_user_pages+{:#x}/{:#x}", offset, function.size + 64), IsEmpty())
      << "another kernel's";
  EXPECT_THAT(text(" nobody+{:#x}/{:#x}", offset, function.size), IsEmpty());
  EXPECT_THAT(text(" pin_user_pages+{:#x}/{:#x}", function.size + 1, function.size), IsEmpty());
}

TEST_F(Made, TheFramesOfAReportAreLocated) {
  const auto known = symbols();
  const auto& function = known.at("pin_user_pages");
  model::KernelEvent event;
  event.text = {"WARNING: CPU: 1 PID: 88 at mm/gup.c:3", "Modules linked in:",
                fmt::format("RIP: 0010:pin_user_pages+{:#x}/{:#x}",
                            known.at("inside").address - function.address, function.size),
                " somebody_else+0x1/0x2"};
  event.lines.resize(1);
  locate(vmlinux(), event);
  ASSERT_THAT(event.lines, testing::SizeIs(3));
  EXPECT_EQ(event.lines[0].frame, 2);
  EXPECT_EQ(event.lines[2].file, "mm/gup.c");
  event.lines[0].patch = 7;
  const auto text = model::located_text(event);
  ASSERT_THAT(text, testing::SizeIs(6));
  EXPECT_EQ(text[2], "try_grab mm/gup.c:3, patch 7 [inline]");
  EXPECT_EQ(text[3], "gup_fast mm/gup.c:8 [inline]");
  EXPECT_EQ(text[4], event.text[2] + " mm/gup.c:12");
  EXPECT_EQ(text[5], event.text[3]);
}

// arch/arm64/kernel/stacktrace.c prints "%pSb": the name of what a call would return to.
TEST_F(Made, AReturnToTheBeginOfAFunctionIsACallInTheOneBeforeIt) {
  const auto known = symbols();
  const auto& next = known.at("following");
  ASSERT_EQ(known.at("never").address + known.at("never").size, next.address);
  const std::string frame = fmt::format("following+0x0/{:#x}", next.size);
  EXPECT_THAT(shown(vmlinux().at(frame_in(" " + frame))), ElementsAre("never mm/never.c:3"));
  EXPECT_THAT(shown(vmlinux().at(frame_in(" " + frame + " (P)"))), ElementsAre("following mm/never.c:7"));
  model::KernelEvent event;
  event.text = {"pc : " + frame, "Call trace:", " " + frame};
  locate(vmlinux(), event);
  ASSERT_THAT(event.lines, testing::SizeIs(2));
  EXPECT_EQ(event.lines[1].function, "following") << "the address of the exception itself";
  event.text.erase(event.text.begin());
  locate(vmlinux(), event);
  ASSERT_THAT(event.lines, testing::SizeIs(1));
  EXPECT_EQ(event.lines[0].function, "never");
}

TEST_F(Made, AnAmbiguousFrameIsNotAnswered) {
  const auto known = symbols();
  EXPECT_THAT(vmlinux().at(Frame{"twice", 0, known.at("twice").size, false}), IsEmpty());
  EXPECT_THAT(vmlinux().at(Frame{"a", 0, known.at("a").size, false}), testing::SizeIs(testing::Ge(1U)));
}

TEST_F(Made, WithoutDebugInformationNothingIsAnswered) {
  const auto plain = Vmlinux::open(file("plain"));
  ASSERT_TRUE(plain.has_value());
  EXPECT_FALSE(plain->has_lines());
  EXPECT_TRUE(vmlinux().has_lines());
  EXPECT_THAT(plain->at(symbols().at("inside").address), IsEmpty());
}

TEST_F(Made, WhatIsNoElfFileIsBadInput) {
  const auto text = Vmlinux::open(dir_->path() / "tree/mm/gup.c");
  ASSERT_TRUE(text.has_error());
  EXPECT_EQ(text.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(text.error().message, HasSubstr("not an ELF file"));
  EXPECT_TRUE(Vmlinux::open(dir_->path() / "nothing").has_error());
}

TEST(FrameIn, TakesALineOfATraceApart) {
  const Frame f = frame_in("  gup_fast.constprop.0+0x1a1/0x300 [pins]");
  EXPECT_EQ(f.function, "gup_fast.constprop.0");
  EXPECT_EQ(f.offset, 0x1a1U);
  EXPECT_EQ(f.size, 0x300U);
  EXPECT_TRUE(f.returns);
  EXPECT_FALSE(frame_in("RIP: 0010:gup_fast+0x1/0x2").returns);
  EXPECT_FALSE(frame_in("pc : gup_fast+0x1/0x2").returns);
  for (const char* other :
       {"", " ? gup_fast+0x1/0x2", "lr : gup_fast+0x1/0x2", "Call Trace:", "gup_fast+0x1",
        "RIP: 0033:0x41f2d2", "+0x1/0x2", "gup_fast+1/2", "gup_fast+0xfffffffffffffffff/0x2"})
    EXPECT_EQ(frame_in(other).size, 0U) << other;
}

}  // namespace
}  // namespace pinrig::symbols
