// SPDX-License-Identifier: GPL-2.0
// For tests of this module: a cache in a temporary directory and a small kernel-like source in it.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "git/git_command.h"
#include "git/source.h"

namespace pinrig::git {

/// A file of a test tarball.
struct Member {
  std::string content;
  int mode = 0644;
  std::string symlink;   ///< target, for a symbolic link
  std::string hardlink;  ///< full name, for a hard link
};

/// "line 1\n" ... "line COUNT\n"
inline std::string numbered_lines(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

inline std::map<std::string, Member> kernel_files() {
  return {
      {"top-6.12/Makefile",
       {"# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\nNAME = x\n", 0644, "", ""}},
      {"top-6.12/mm/gup.c", {numbered_lines(40), 0644, "", ""}},
      {"top-6.12/mm/swap.c", {numbered_lines(40), 0644, "", ""}},
      {"top-6.12/scripts/run.sh", {"#!/bin/sh\n", 0755, "", ""}},
      {"top-6.12/dir/link", {"", 0777, "../mm/gup.c", ""}},
      {"top-6.12/zz/hard", {"", 0644, "", "top-6.12/mm/gup.c"}},
      {"top-6.12/empty", {"", 0644, "", ""}},
      {"top-6.12/odd \"name\"/\xc3\xbc.txt", {"odd\n", 0644, "", ""}}};
}

inline void write_tarball(const fs::path& path, const std::map<std::string, Member>& members) {
  archive* a = archive_write_new();
  archive_write_set_format_pax_restricted(a);
  if (path.extension() == ".xz") archive_write_add_filter_xz(a);
  if (path.extension() == ".gz") archive_write_add_filter_gzip(a);
  ASSERT_EQ(archive_write_open_filename(a, path.c_str()), ARCHIVE_OK);
  for (const auto& [name, m] : members) {
    archive_entry* e = archive_entry_new();
    archive_entry_set_pathname(e, name.c_str());
    archive_entry_set_filetype(e, m.symlink.empty() ? AE_IFREG : AE_IFLNK);
    archive_entry_set_perm(e, static_cast<mode_t>(m.mode));
    archive_entry_set_size(e, static_cast<la_int64_t>(m.content.size()));
    if (!m.symlink.empty()) archive_entry_set_symlink(e, m.symlink.c_str());
    if (!m.hardlink.empty()) archive_entry_set_hardlink(e, m.hardlink.c_str());
    archive_write_header(a, e);
    archive_write_data(a, m.content.data(), m.content.size());
    archive_entry_free(e);
  }
  archive_write_close(a);
  archive_write_free(a);
}

class SourceTest : public ::testing::Test {
 protected:
  SourceTest() : dir_(std::move(TempDir::create(fs::temp_directory_path(), "git_test.")).value()) {
    ctx_.cache = dir_.path() / "cache";
    ctx_.cancel = &cancel_;
  }
  fs::path path(const std::string& name) const { return dir_.path() / name; }

  static model::KernelBase tarball_base(const fs::path& tarball) {
    model::KernelBase base;
    base.name = "small";
    base.source = model::KernelBase::Tarball{tarball.string()};
    return base;
  }
  /// The source of kernel_files(), imported.
  Source small() {
    write_tarball(path("small.tar.xz"), kernel_files());
    auto source = import_base(tarball_base(path("small.tar.xz")), ctx_);
    EXPECT_TRUE(source.has_value()) << source.error().message;
    return *source;
  }
  std::string git(const fs::path& cwd, std::vector<std::string> args) {
    auto git = Git::open(ctx_);
    Call call;
    call.cwd = cwd;
    call.args = std::move(args);
    auto text = git->text(call);
    EXPECT_TRUE(text.has_value()) << text.error().message;
    return text.has_value() ? *text : "";
  }
  std::string show(const Source& source, const std::string& commit, const std::string& file) {
    auto text = show_file(source, commit, file, ctx_);
    EXPECT_TRUE(text.has_value()) << text.error().message;
    return text.has_value() ? *text : "";
  }
  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }

  TempDir dir_;
  CancelToken cancel_;
  WorkContext ctx_;
};

}  // namespace pinrig::git
