// SPDX-License-Identifier: GPL-2.0
// Enumerations as words, in one table each.
#include <array>
#include <utility>

#include "base/text.h"
#include "model/assessment.h"
#include "model/guest.h"
#include "model/job.h"
#include "model/loss.h"
#include "model/mutation.h"

namespace pinrig::model {
namespace {

template <typename E>
using Name = std::pair<E, const char*>;

template <typename Table, typename E>
const char* name_in(const Table& table, E value) {
  for (const auto& [v, name] : table) {
    if (v == value) return name;
  }
  return "?";
}

constexpr std::array<Name<Verdict>, 10> verdicts{{{Verdict::pass, "pass"},
                                                  {Verdict::fail, "fail"},
                                                  {Verdict::skip, "skip"},
                                                  {Verdict::xfail, "xfail"},
                                                  {Verdict::xpass, "xpass"},
                                                  {Verdict::crash, "crash"},
                                                  {Verdict::timeout, "timeout"},
                                                  {Verdict::leak, "leak"},
                                                  {Verdict::missing, "missing"},
                                                  {Verdict::error, "error"}}};

using Outcome = JobOutcome::Kind;
constexpr std::array<Name<Outcome>, 9> outcomes{{{Outcome::completed, "completed"},
                                                 {Outcome::apply_failed, "apply_failed"},
                                                 {Outcome::build_failed, "build_failed"},
                                                 {Outcome::boot_failed, "boot_failed"},
                                                 {Outcome::panicked, "panicked"},
                                                 {Outcome::timed_out, "timed_out"},
                                                 {Outcome::no_output, "no_output"},
                                                 {Outcome::infra_error, "infra_error"},
                                                 {Outcome::cancelled, "cancelled"}}};

constexpr std::array<Name<Loss>, 6> losses{{{Loss::none, "none"},
                                            {Loss::test_hung, "test_hung"},
                                            {Loss::kernel_hung, "kernel_hung"},
                                            {Loss::output_lost, "output_lost"},
                                            {Loss::qemu_gone, "qemu_gone"},
                                            {Loss::panicked, "panicked"}}};

constexpr std::array<Name<Loss>, 6> loss_words{{{Loss::none, ""},
                                                {Loss::test_hung, "test hung, kernel alive"},
                                                {Loss::kernel_hung, "kernel hung"},
                                                {Loss::output_lost, "output lost"},
                                                {Loss::qemu_gone, "QEMU gone"},
                                                {Loss::panicked, "stopped by panic"}}};

constexpr std::array<Name<MutationOp>, 14> mutation_ops{{{MutationOp::drop_release, "drop_release"},
                                                         {MutationOp::double_release, "double_release"},
                                                         {MutationOp::drop_take, "drop_take"},
                                                         {MutationOp::skip_dirty, "skip_dirty"},
                                                         {MutationOp::off_by_one, "off_by_one"},
                                                         {MutationOp::page_for_folio, "page_for_folio"},
                                                         {MutationOp::wrong_offset, "wrong_offset"},
                                                         {MutationOp::foll_flag, "foll_flag"},
                                                         {MutationOp::short_count, "short_count"},
                                                         {MutationOp::direction, "direction"},
                                                         {MutationOp::pin_kind, "pin_kind"},
                                                         {MutationOp::charge, "charge"},
                                                         {MutationOp::leave_loop, "leave_loop"},
                                                         {MutationOp::skip_recheck, "skip_recheck"}}};

constexpr std::array<Name<Phase>, 8> phases{{{Phase::none, ""},
                                             {Phase::apply, "apply"},
                                             {Phase::build, "build"},
                                             {Phase::boot, "boot"},
                                             {Phase::setup, "setup"},
                                             {Phase::control, "control"},
                                             {Phase::test, "test"},
                                             {Phase::shutdown, "shutdown"}}};

constexpr std::array<Name<Rule>, 16> rules{{{Rule::fine, "fine"},
                                            {Rule::expectation, "expectation"},
                                            {Rule::allowed_skip, "allowed_skip"},
                                            {Rule::known_issue, "known_issue"},
                                            {Rule::issue_fixed, "issue_fixed"},
                                            {Rule::compared, "compared"},
                                            {Rule::allowed_splat, "allowed_splat"},
                                            {Rule::consequence, "consequence"},
                                            {Rule::failure, "failure"},
                                            {Rule::otherwise, "otherwise"},
                                            {Rule::unlisted_skip, "unlisted_skip"},
                                            {Rule::lost, "lost"},
                                            {Rule::issue_worse, "issue_worse"},
                                            {Rule::issue_gone, "issue_gone"},
                                            {Rule::differs, "differs"},
                                            {Rule::denied_splat, "denied_splat"}}};

template <typename E, typename Table>
std::optional<E> value_in(const Table& table, const std::string& s) {
  for (const auto& [v, name] : table) {
    if (s == name) return v;
  }
  return std::nullopt;
}

constexpr std::array<Name<TestExit::Kind>, 5> exits{{{TestExit::Kind::exited, "exited"},
                                                     {TestExit::Kind::signaled, "signaled"},
                                                     {TestExit::Kind::timed_out, "timed_out"},
                                                     {TestExit::Kind::not_run, "not_run"},
                                                     {TestExit::Kind::lost, "lost"}}};

constexpr std::array<Name<Device>, 8> devices{{{Device::zoned, "zoned"},
                                               {Device::cmb, "cmb"},
                                               {Device::meta, "meta"},
                                               {Device::p9, "p9"},
                                               {Device::scsi, "scsi"},
                                               {Device::iommu, "iommu"},
                                               {Device::kvm, "kvm"},
                                               {Device::removable, "removable"}}};

}  // namespace

const char* to_string(Device d) { return name_in(devices, d); }

const std::vector<Device>& all_devices() {
  static const std::vector<Device> all = [] {
    std::vector<Device> out;
    for (const auto& [d, name] : devices) out.push_back(d);
    return out;
  }();
  return all;
}

std::string to_string(const Proof& proof) {
  std::string out = proof.mutant.empty() ? proof.base : "mutant " + proof.mutant;
  if (proof.rule) out += std::string(" (") + to_string(*proof.rule) + ")";
  if (proof.env.empty()) return out;
  out += out.empty() ? "with" : " with";
  for (const auto& [name, value] : proof.env) out += " " + name + "=" + value;
  return out;
}

std::string reason_text(const Proof& proof) {
  std::vector<std::string> parts;
  if (proof.verdict) parts.emplace_back(to_string(*proof.verdict));
  if (proof.pages) {
    const char sign = proof.pages->sign == ProofPages::Sign::over_released ? '-' : '+';
    parts.push_back(proof.pages->sign == ProofPages::Sign::balanced
                        ? "pages 0"
                        : std::string("pages ") + sign +
                              (proof.pages->pages == 0 ? "" : std::to_string(proof.pages->pages)));
  }
  if (!proof.event.empty()) parts.push_back("event " + proof.event);
  return join(parts, ", ");
}

const char* to_string(Arch arch) { return arch == Arch::x86_64 ? "x86_64" : "aarch64"; }
const char* kernel_arch(Arch arch) { return arch == Arch::x86_64 ? "x86_64" : "arm64"; }

std::optional<Arch> arch_from_string(const std::string& s) {
  if (s == "x86_64" || s == "amd64") return Arch::x86_64;
  if (s == "aarch64" || s == "arm64") return Arch::aarch64;
  return std::nullopt;
}

std::string to_string(const SourceLocation& where) {
  std::string out = where.file;
  if (where.line > 0) out += ":" + std::to_string(where.line);
  if (where.line > 0 && where.column > 0) out += ":" + std::to_string(where.column);
  return out;
}

const char* to_string(Phase phase) { return name_in(phases, phase); }
std::optional<Phase> phase_from_string(const std::string& s) { return value_in<Phase>(phases, s); }
const char* to_string(MutationOp op) { return name_in(mutation_ops, op); }
std::optional<MutationOp> mutation_op_from_string(const std::string& s) {
  return value_in<MutationOp>(mutation_ops, s);
}
const std::vector<MutationOp>& all_mutation_ops() {
  static const std::vector<MutationOp> all = [] {
    std::vector<MutationOp> out;
    for (const auto& [op, name] : mutation_ops) out.push_back(op);
    return out;
  }();
  return all;
}

const char* to_string(Rule rule) { return name_in(rules, rule); }
std::optional<Rule> rule_from_string(const std::string& s) { return value_in<Rule>(rules, s); }
std::optional<JobOutcome::Kind> outcome_from_string(const std::string& s) {
  return value_in<Outcome>(outcomes, s);
}

const char* to_string(Loss loss) { return name_in(losses, loss); }
std::optional<Loss> loss_from_string(const std::string& s) { return value_in<Loss>(losses, s); }
const char* words(Loss loss) { return name_in(loss_words, loss); }

bool means_test(const std::string& word, const std::string& test) {
  return glob_match(word, word.find('/') == std::string::npos ? test.substr(0, test.find('/')) : test);
}

std::string KernelConfig::text() const {
  std::string out = name.empty() ? "" : name + ": ";
  for (std::size_t i = 0; i < fragments.size(); ++i) out += (i == 0 ? "" : "+") + fragments[i];
  return out;
}

const char* to_string(Verdict v) { return name_in(verdicts, v); }

std::optional<Verdict> verdict_from_string(const std::string& s) { return value_in<Verdict>(verdicts, s); }

int rank(Verdict v) {
  static constexpr std::array order{Verdict::skip,  Verdict::pass,    Verdict::xfail, Verdict::xpass,
                                    Verdict::fail,  Verdict::timeout, Verdict::leak,  Verdict::crash,
                                    Verdict::error, Verdict::missing};
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] == v) return static_cast<int>(i);
  }
  return static_cast<int>(order.size());
}

const char* to_string(JobOutcome::Kind kind) { return name_in(outcomes, kind); }
const char* to_string(TestExit::Kind kind) { return name_in(exits, kind); }

const char* to_string(OutputFormat f) {
  switch (f) {
    case OutputFormat::ktap:
      return "ktap";
    case OutputFormat::exit_code:
      return "exit_code";
    case OutputFormat::gup_test:
      return "gup_test";
  }
  return "?";
}

const char* to_string(Accel a) {
  switch (a) {
    case Accel::automatic:
      return "auto";
    case Accel::kvm:
      return "kvm";
    case Accel::tcg:
      return "tcg";
  }
  return "?";
}

}  // namespace pinrig::model
