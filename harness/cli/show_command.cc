// SPDX-License-Identifier: GPL-2.0
#include <cstdio>

#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/report_files.h"
#include "cli/run_choice.h"
#include "report/formats.h"
#include "report/show.h"
#include "run/assessment.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

constexpr const char* legend = R"(
Words of the report:
  8192/8192      base pages that the test acquired/released; +64: left pinned, -16: unpinned too often
  skew           pins that legacy direct I/O (fs/direct-io.c) does not count; corrected
  ?              the counters had not settled
Capabilities, as the guest's probes found them (unknown: nothing in this run probed it):
  dio.PATH       direct I/O there: pin (it pins pages), get (it takes plain references) or refused
  alg, passthru.meta, udmabuf.pin   the same for AF_ALG, NVMe metadata and udmabuf
  legacy_skew    extra releases per page section of legacy direct I/O
  zeropage_pin   whether a short-term pin of the zero page is counted
  iou.coalesce   io_uring keeps one pin of a huge page that it registers whole
  lt.file_rw     long-term pins of writable file-backed pages: allowed or refused
  lt.unlock      a long-term pin may drop the mmap lock and wait for a user fault
  lt.unshare     a long-term pin unshares anonymous pages first
  framevec.force get_vaddr_frames() (V4L2 buffers in user memory) pins with FOLL_FORCE
  framevec.unlock  it may drop the mmap lock and wait for a user fault
  kvm.interruptible  a signal ends KVM's wait for a page
  gup_test.longterm  the gup_test driver has the ioctls for long-term pins (since 6.4)
  secretmem      memfd_secret(2) is available
)";

struct ShowCommand {
  std::string run = "last";
  std::string guest;
  std::string test;
  std::string format = "terminal";
  std::string attach_root;
  bool reassess = false;
};

Result<std::string> render(const ShowCommand& c, const store::Store& store, const store::RunRow& run,
                           const assess::RunAssessment* instead, const Program& program) {
  const report::Selection what{c.guest, c.test, instead, c.attach_root};
  if (const auto* format = report::format_of(c.format)) return format->finished(store, run, what);
  return report::show(store, run, what, terminal_style(program));
}

Result<ExitCode> show_command(const ShowCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(choice, choose_run(store, c.run));
  if (!choice.note.empty() && !program.quiet) std::fprintf(stderr, "%s\n", choice.note.c_str());
  if (!c.reassess) {
    PINRIG_TRY(text, render(c, store, choice.run, nullptr, program));
    PINRIG_CHECK(write_output("-", text));
    return ExitCode::ok;
  }
  PINRIG_TRY(again, run::reassess(store, choice.run, paths.project));
  if (!again.note.empty()) std::fprintf(stderr, "%s\n", again.note.c_str());
  PINRIG_TRY(text, render(c, store, choice.run, &again.assessment, program));
  PINRIG_CHECK(write_output("-", text));
  return again.assessment.code;
}

}  // namespace

void add_show(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "show", "Print the report of a run, of one of its guests, or of one test with its ledger and reasons");
  const auto c = std::make_shared<ShowCommand>();
  sub->add_option("run", c->run, "Run ID, unique prefix, or last")->capture_default_str();
  sub->add_option("guest", c->guest, "For example tip-x86_64");
  sub->add_option("test", c->test, "For example bio/dio_rw, or bio/dio_rw:CASE");
  sub->add_flag(
      "--reassess", c->reassess,
      "Assess the stored verdicts with the expectation files as they are now, and exit as that run would; "
      "nothing is booted or written");
  std::vector<std::string> names{"terminal"};
  for (const auto& f : report::formats()) names.emplace_back(f.name);
  sub->add_option("-f,--format", c->format, join(names, ", "))
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  sub->add_option("--attach-root", c->attach_root, attach_root_text);
  sub->footer(legend);
  sub->callback([c, &program, &action] { action = [c, &program] { return show_command(*c, program); }; });
}

}  // namespace pinrig::cli
