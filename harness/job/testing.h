// SPDX-License-Identifier: GPL-2.0
// What the tests of this folder share: services without a terminal, a job without a kernel.
#pragma once

#include <string>
#include <vector>

#include "job/guest_job.h"
#include "job/services.h"

namespace pinrig::job {

/// Records all events.
struct Listener : Observer {
  void on(const Event& event) override { events.push_back(event); }
  std::vector<Event> events;
};

/// A project-less place in /tmp.
struct Place {
  TempDir dir = TempDir::create("/tmp", "pinrig-run-").value();
  CancelToken cancel;
  Listener listener;
  Services services{Paths{dir.path() / "project", dir.path() / "cache", dir.path() / "state"}, cancel,
                    listener, 1};
};

inline model::TestSpec test_spec(const std::string& name) {
  model::TestSpec t;
  t.name = name;
  t.program = name;
  return t;
}

/// With a kernel and an archive that exist but cannot boot.
inline model::JobSpec job_spec(const fs::path& dir, const std::vector<std::string>& tests) {
  model::JobSpec job;
  job.run_id = "20261121-010203-4f2a";
  job.guest_id = "base-x86_64";
  job.kernel_image = (dir / "image").string();
  job.initramfs = {(dir / "base.cpio").string()};
  job.shell = (dir / "shell.cpio").string();
  for (const auto& file : {job.kernel_image, job.initramfs[0], job.shell})
    static_cast<void>(write_file_atomic(file, "x"));
  for (const auto& name : tests) job.tests.push_back(test_spec(name));
  return job;
}

}  // namespace pinrig::job
