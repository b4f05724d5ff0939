// SPDX-License-Identifier: GPL-2.0
// A project, a cache and a PATH of fakes for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "image/guest_image.h"

namespace pinrig::image {

class ImageTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* path = std::getenv("PATH");
    path_before_ = path != nullptr ? path : "";
    ctx_.project = dir_.path() / "project";
    ctx_.cache = dir_.path() / "cache";
    ctx_.progress = [this](const Progress& p) { progress_.push_back(p.what); };
    fs::create_directories(bin());
  }
  void TearDown() override {
    ::setenv("PATH", path_before_.c_str(), 1);
    ::unsetenv("PINRIG_MIRROR");
  }

  fs::path bin() const { return dir_.path() / "bin"; }
  fs::path log() const { return dir_.path() / "calls.log"; }

  /// A shell script in PATH, before (or, alone, instead of) everything else. $LOG is a file it may write to.
  void fake(const std::string& name, const std::string& body) {
    const std::string text = "#!/bin/sh\nLOG='" + log().string() + "'\n" + body + "\n";
    ASSERT_TRUE(write_file_atomic(bin() / name, text, 0755).has_value());
    ::setenv("PATH", (bin().string() + ":/usr/bin:/bin").c_str(), 1);
  }
  void only_fakes() { ::setenv("PATH", bin().c_str(), 1); }

  void put(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    ASSERT_TRUE(write_file_atomic(path, text).has_value());
  }
  std::string get(const fs::path& path) {
    auto text = read_file(path);
    return text.has_value() ? text.value() : "(" + text.error().message + ")";
  }
  /// Names in a directory, without locks and seals: what a failure or a success left there.
  std::vector<std::string> names_in(const fs::path& dir) {
    std::vector<std::string> names;
    std::error_code ec;
    for (const auto& e : fs::directory_iterator(dir, ec)) {
      if (e.path().extension() != ".lock" && e.path().extension() != ".sha256")
        names.push_back(e.path().filename().string());
    }
    return names;
  }

  TempDir dir_ = std::move(TempDir::create(fs::temp_directory_path(), "pinrig-image-")).value();
  WorkContext ctx_;
  std::vector<std::string> progress_;

 private:
  std::string path_before_;
};

}  // namespace pinrig::image
