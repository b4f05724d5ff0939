// SPDX-License-Identifier: GPL-2.0
#include "run/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "coverage/blame.h"
#include "coverage/gcov.h"
#include "git/blame.h"
#include "job/kernel.h"
#include "kbuild/toolchain.h"
#include "process/process.h"
#include "vm/job_files.h"
#include "wire/line_counters.h"

namespace pinrig::run {
namespace {

// Of one object's counters: io_uring.o has some 100 KiB.
constexpr std::size_t max_counters = std::size_t{16} << 20;

// The objects of a kernel that count: "block/bio", from the notes that its build left.
std::vector<std::string> objects_of(const fs::path& notes) {
  std::vector<std::string> out;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(notes, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->path().extension() == ".gcno")
      out.push_back(it->path().lexically_relative(notes).replace_extension().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// gcov on the objects of one kernel, in a directory of its own.
class Gcov {
 public:
  static Result<Gcov> open(const kbuild::Artifact& artifact, model::Arch arch, const CancelToken& cancel) {
    PINRIG_TRY(dir, TempDir::create(vm::socket_parent(), "pinrig-gcov-"));
    Gcov out(std::move(dir), kbuild::gcov_program(arch), cancel);
    for (const auto& object : objects_of(artifact.notes)) {
      const fs::path notes = out.dir_.path() / (object + ".gcno");
      PINRIG_CHECK(make_dirs(notes.parent_path()));
      PINRIG_CHECK(copy_sparse(artifact.notes / (object + ".gcno"), notes));
      out.objects_.push_back(object);
    }
    return out;
  }

  const std::vector<std::string>& objects() const { return objects_; }

  // With no counters: the lines that have code.
  Result<coverage::Measured> measure(const std::string& object, const std::string& counters) {
    const auto known = known_.find({object, counters});
    if (known != known_.end()) return known->second;
    const fs::path data = dir_.path() / (object + ".gcda");
    std::error_code ec;
    fs::remove(data, ec);
    if (!counters.empty()) PINRIG_CHECK(write_file_atomic(data, counters));
    process::Command c;
    c.argv = {program_, "--json-format", "--stdout", object + ".gcda"};
    c.cwd = dir_.path();
    c.env = {{"LC_ALL", "C"}};
    PINRIG_TRY(done, process::run_ok(c, *cancel_));
    if (!counters.empty()) PINRIG_CHECK(coverage::check_messages(done.err, object));
    PINRIG_TRY(measured, coverage::parse_gcov(done.out, object));
    known_.emplace(std::pair(object, counters), measured);
    return measured;
  }

 private:
  Gcov(TempDir dir, std::string program, const CancelToken& cancel)
      : dir_(std::move(dir)), program_(std::move(program)), cancel_(&cancel) {}

  TempDir dir_;
  std::string program_;
  const CancelToken* cancel_;
  std::vector<std::string> objects_;
  std::map<std::pair<std::string, std::string>, coverage::Measured> known_;
};

// Only lines of the files that the series touches: nothing else is asked of a run's coverage.
coverage::FileLines of_files(const coverage::FileLines& lines, const std::set<std::string>& files) {
  coverage::FileLines out;
  for (const auto& [file, of_file] : lines) {
    if (files.contains(file) && !of_file.empty()) out.emplace(file, of_file);
  }
  return out;
}

using Counters = std::map<std::string, std::string>;

// What the guest sent about an object; the path in its debugfs is that of the object directory.
const std::string* counters_of(const Counters& counters, const std::string& object) {
  for (const auto& [path, data] : counters) {
    if (path == object + ".gcda" || path.ends_with("/" + object + ".gcda")) return &data;
  }
  return nullptr;
}

// The lines that a test ran; nothing, and a problem, when its counters did not come or are garbled. An object
// without counters among others with them is not part of the running kernel: a module that is not loaded, or
// one of a library that nothing needs.
Result<std::optional<coverage::FileLines>> ran_by(const std::string& test, const Counters& counters,
                                                  Gcov& gcov,
                                                  std::map<std::string, std::string>& not_counted) {
  coverage::FileLines out;
  bool any = gcov.objects().empty();
  for (const auto& object : gcov.objects()) {
    const std::string* packed = counters_of(counters, object);
    if (packed == nullptr) continue;
    any = true;
    const auto bytes = wire::unpack(*packed, max_counters);
    if (!bytes || bytes->empty()) {
      not_counted[test] = fmt::format("the counters of {}.o cannot be read{}", object,
                                      packed->empty() ? ": they are too long" : "");
      return std::optional<coverage::FileLines>();
    }
    PINRIG_TRY(measured, gcov.measure(object, *bytes));
    coverage::add(out, measured.ran);
  }
  if (any) return std::optional(std::move(out));
  not_counted[test] = "its guest sent no counters";
  return std::optional<coverage::FileLines>();
}

std::set<std::string> files_of(const git::AppliedSeries& series, int last) {
  std::set<std::string> out;
  for (const auto& p : series.patches) {
    if (p.number <= last) out.insert(p.files.begin(), p.files.end());
  }
  return out;
}

bool is_source(const std::string& file) { return file.ends_with(".c") || file.ends_with(".h"); }

}  // namespace

Result<coverage::RunCoverage> series_lines(const Sources& sources, int last, const Services& services) {
  const auto ctx = job::work_context(services, "coverage", "source");
  coverage::RunCoverage out;
  out.base = sources.base.name;
  out.base_tree = sources.base.tree;
  std::map<std::string, int> numbers;
  std::string tip;
  for (const auto& p : sources.series.patches) {
    if (p.number > last) break;
    out.patches.push_back({p.number, p.subject, p.patch_id, p.files, {}});
    numbers.emplace(p.commit, p.number);
    tip = p.commit;
  }
  for (const auto& file : files_of(sources.series, last)) {
    if (!is_source(file)) continue;
    PINRIG_TRY(text, git::blame(sources.base, sources.base.commit, tip, file, ctx));
    if (!text) continue;  // the series removes it
    out.kept[file] = coverage::kept_lines(*text, numbers);
    for (const auto& [number, lines] : coverage::owned_lines(*text, numbers)) {
      for (auto& p : out.patches) {
        if (p.number == number) p.lines[file] = lines;
      }
    }
  }
  return out;
}

bool has_objects(const git::AppliedSeries& series) {
  return std::any_of(series.patches.begin(), series.patches.end(),
                     [](const auto& p) { return !job::counted_files(p.files).empty(); });
}

Result<void> check_gcov(const Inputs& in) {
  if (!in.coverage) return {};
  for (const auto arch : in.spec.archs) {
    const std::string program = kbuild::gcov_program(arch);
    if (process::find_program(program).empty())
      return make_error(ErrorKind::missing_tool, fmt::format("--coverage: {} is not in PATH", program),
                        "it is part of the compiler's package: apt install gcc, or exclude " +
                            std::string(to_string(arch)) + " with --arch");
  }
  return {};
}

Result<void> CoverageRecord::add(const model::Kernel& kernel, const kbuild::Artifact& artifact,
                                 const job::GuestResult& result) {
  if (!plan_.counting.contains(kernel.id)) return {};
  const auto files = files_of(sources_.series, kernel.point.number);
  coverage::KernelLines lines;
  lines.kernel = kernel.id;
  lines.arch = to_string(kernel.arch);
  PINRIG_TRY(gcov, Gcov::open(artifact, kernel.arch, services_.cancel));
  for (const auto& object : gcov.objects()) {
    PINRIG_TRY(code, gcov.measure(object, ""));
    coverage::add(lines.code, of_files(code.code, files));
  }
  for (const auto& file : job::counted_files({files.begin(), files.end()})) {
    const std::string object = fs::path(file).replace_extension().string();
    const auto& built = gcov.objects();
    if (std::find(built.begin(), built.end(), object) == built.end()) lines.unbuilt.push_back(file);
  }
  for (const auto& record : result.guest.facts.records) {
    if (!record.skip_reason.empty() || record.exit.kind == model::TestExit::Kind::not_run) continue;
    const auto sent = result.guest.line_counters.find(record.name);
    PINRIG_TRY(ran, ran_by(record.name, sent == result.guest.line_counters.end() ? Counters{} : sent->second,
                           gcov, lines.not_counted));
    if (ran) lines.tests.push_back({record.name, of_files(*ran, files)});
  }
  const std::lock_guard lock(mutex_);
  for (auto& k : kernels_) {
    if (k.kernel != lines.kernel) continue;
    k.tests.insert(k.tests.end(), lines.tests.begin(), lines.tests.end());
    k.not_counted.insert(lines.not_counted.begin(), lines.not_counted.end());
    return {};
  }
  kernels_.push_back(std::move(lines));
  return {};
}

Result<void> CoverageRecord::write(const fs::path& run_dir) {
  const std::lock_guard lock(mutex_);
  if (kernels_.empty()) return {};
  int last = 0;
  for (const auto& k : plan_.kernels) last = std::max(last, k.point.number);
  PINRIG_TRY(out, series_lines(sources_, last, services_));
  out.series = plan_.series;
  out.kernels = kernels_;
  // A file that the series removes has no object, and needs none.
  for (auto& k : out.kernels) std::erase_if(k.unbuilt, [&](const auto& f) { return !out.kept.contains(f); });
  return write_file_atomic(run_dir / "coverage.json", coverage::to_json(out));
}

}  // namespace pinrig::run
