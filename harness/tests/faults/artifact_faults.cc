// SPDX-License-Identifier: GPL-2.0
// Files of the cache and of the state that are no longer what was written: each kind of file, damaged in each
// way.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "artifacts.h"
#include "fault.h"

namespace pinrig::faults {
namespace {

void damage(const fs::path& file, Damage how, const std::string& foreign) {
  const auto before = read_file(file);
  ASSERT_TRUE(before.has_value()) << before.error().message;
  std::error_code ec;
  fs::remove(file, ec);
  const auto write = [&](const std::string& text) { ASSERT_TRUE(write_file_atomic(file, text).has_value()); };
  switch (how) {
    case Damage::missing:
      return;
    case Damage::empty:
      return write("");
    case Damage::cut:
      return write(before->substr(0, before->size() / 2));
    case Damage::zeroed:
      return write(std::string(before->size(), '\0'));
    case Damage::garbage: {
      std::string text = *before;
      for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(text[i] ^ (0x5a + i % 97));
      return write(text);
    }
    case Damage::foreign:
      return write(foreign);
    case Damage::folder:
      ASSERT_TRUE(make_dirs(file).has_value());
      return;
    case Damage::unreadable:
      write(*before);
      ASSERT_EQ(::chmod(file.c_str(), 0), 0);
  }
}

/// Root reads everything; so the row is executed as somebody else, who owns the folder.
class AsNobody {
 public:
  explicit AsNobody(const fs::path& dir) : needed_(::geteuid() == 0) {
    if (!needed_) return;
    static_cast<void>(::lchown(dir.c_str(), nobody, nobody));
    for (const auto& entry : fs::recursive_directory_iterator(dir))
      static_cast<void>(::lchown(entry.path().c_str(), nobody, nobody));
    works_ = ::seteuid(nobody) == 0;
  }
  ~AsNobody() {
    if (needed_ && works_) static_cast<void>(::seteuid(0));
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  bool works() const { return works_; }

 private:
  static constexpr uid_t nobody = 65534;
  bool needed_;
  bool works_ = true;
};

struct Kind {
  Damage how;
  const char* name;
  const char* words;
};

constexpr Kind kinds[] = {
    {Damage::missing, "missing", "is gone"},
    {Damage::empty, "empty", "is empty"},
    {Damage::cut, "cut", "ends in the middle"},
    {Damage::zeroed, "zeroed", "is all zeros"},
    {Damage::garbage, "garbage", "is garbage"},
    {Damage::foreign, "foreign", "belongs to another version or program"},
    {Damage::folder, "folder", "is a folder"},
    {Damage::unreadable, "unreadable", "cannot be read (mode 0)"},
};

}  // namespace

Faults artifact_faults() {
  Faults all;
  for (const auto& artifact : artifacts()) {
    for (const auto& kind : kinds) {
      if (artifact.not_for.contains(kind.how)) continue;
      const auto run = [artifact, how = kind.how](const fs::path& dir) {
        artifact.make(dir);
        if (testing::Test::HasFailure()) return;
        damage(artifact.file(dir), how, artifact.foreign);
        if (how != Damage::unreadable) return artifact.check(dir, how);
        const AsNobody user(dir);
        if (!user.works()) GTEST_SKIP() << "root that cannot become another user";
        artifact.check(dir, how);
      };
      all.push_back({fmt::format("artifact_{}_{}", artifact.name, kind.name),
                     fmt::format("{} {}", artifact.words, kind.words), artifact.reported, artifact.survives,
                     run});
    }
  }
  return all;
}

}  // namespace pinrig::faults
