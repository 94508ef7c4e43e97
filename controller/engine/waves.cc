#include "controller/engine/waves.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(250);

// Phases after which frames go another way, or no longer.
bool MovesFrames(PhaseKind kind) {
  return kind != PhaseKind::kUnderlay && kind != PhaseKind::kInstances;
}

// FNV-1a: the same on every machine.
uint64_t Place(uint64_t seed, const std::string& node) {
  uint64_t hash = 14'695'981'039'346'656'037u ^ seed;
  for (const char c : node) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
  // Names differ at their ends: those bits must reach the top.
  hash ^= hash >> 32;
  return hash * 0x9e37'79b9'7f4a'7c15u;
}

}  // namespace

void Waves::Begin(uint64_t seed, size_t wanted, Evidence before) {
  End();
  running_ = true;
  seed_ = seed;
  canary_ =
      static_cast<size_t>(std::max(1.0, std::floor(options_.canary * static_cast<double>(wanted))));
  faults_before_ = std::move(before.faults);
}

void Waves::End() {
  running_ = false;
  paused_.clear();
  faults_before_.clear();
  kind_.reset();
  wave_ = 0;
  admitted_.clear();
  out_.clear();
  well_ = true;
}

void Waves::Pause(std::string reason) {
  if (running_ && paused_.empty()) paused_ = std::move(reason);
}

void Waves::Resume(Evidence now_seen) {
  paused_.clear();
  faults_before_ = std::move(now_seen.faults);
  // Whoever resumes has seen how the last wave does.
  well_ = true;
}

void Waves::Joins(const std::set<std::string>& touched, size_t wanted) {
  if (IsLarge(touched.size(), wanted)) {
    admitted_.clear();
    next_size_ = canary_;
  } else {
    for (const std::string& node : touched) admitted_.erase(node);
  }
}

std::string Waves::Fault(const Evidence& evidence) const {
  if (!evidence.missing.empty()) return evidence.missing;
  for (const auto& [node, faults] : evidence.faults) {
    const auto before = faults_before_.find(node);
    const int64_t known = before == faults_before_.end() ? 0 : before->second;
    if (faults <= known) continue;
    return absl::StrCat("at nodes/", node, " ", faults - known,
                        " more policies are down or objects refused than when the rollout began");
  }
  return "";
}

std::optional<absl::Duration> Waves::Judge(const Look& look, absl::Duration now) {
  if (well_ || !paused_.empty()) return std::nullopt;
  if (now < next_look_) return next_look_;
  next_look_ = now + kBetweenLooks;
  std::string fault = Fault(look());
  if (!fault.empty()) {
    well_since_ = absl::InfiniteDuration();
    if (now < begun_ + options_.limit) return next_look_;
    paused_ = std::move(fault);
    return std::nullopt;
  }
  well_since_ = std::min(well_since_, now);
  if (MovesFrames(*kind_) && now < well_since_ + options_.soak) {
    next_look_ = std::min(next_look_, well_since_ + options_.soak);
    return next_look_;
  }
  well_ = true;
  return std::nullopt;
}

std::optional<absl::Duration> Waves::Admit(const Look& look, absl::Duration now,
                                           const std::set<std::string>& free, Phase* phase) {
  std::vector<std::pair<uint64_t, std::string>> waiting;
  bool any = false;
  const auto passes = [&](const std::string& node) {
    return free.contains(node) ||
           (paused_.empty() && kind_ == phase->kind && admitted_.contains(node));
  };
  for (const NodeBatch& batch : phase->batches) {
    if (passes(batch.node)) {
      any = true;
    } else if (waiting.empty() || waiting.back().second != batch.node) {
      waiting.emplace_back(Place(seed_, batch.node), batch.node);
    }
  }
  std::optional<absl::Duration> next;
  // The wave that is out must do well before another one goes.
  if (!any && !waiting.empty()) next = Judge(look, now);
  if (!any && !waiting.empty() && !next.has_value() && paused_.empty()) {
    if (kind_ != phase->kind) {
      kind_ = phase->kind;
      admitted_.clear();
      next_size_ = canary_;
    }
    std::sort(waiting.begin(), waiting.end());
    if (waiting.size() > next_size_) waiting.resize(next_size_);
    next_size_ *= options_.growth;
    out_.clear();
    for (auto& [place, node] : waiting) {
      out_.insert(node);
      admitted_.insert(std::move(node));
    }
    ++wave_;
    begun_ = next_look_ = now;
    well_ = false;
    well_since_ = absl::InfiniteDuration();
  }
  std::erase_if(phase->batches, [&](const NodeBatch& batch) { return !passes(batch.node); });
  return next;
}

}  // namespace waymark
