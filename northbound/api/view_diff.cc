#include "northbound/api/view_diff.h"

#include <utility>

namespace waymark {

std::optional<v1::WatchEvent> ViewDiff::Next(bool* more) {
  *more = false;
  int steps = 0;
  for (;;) {
    if (section_ == Section::kDone) {
      if (sending_ != nullptr) {
        sent_ = std::exchange(sending_, nullptr);
        first_.reset();
      }
      if (waiting_ == nullptr || waiting_ == sent_) return std::nullopt;
      sending_ = std::exchange(waiting_, nullptr);
      section_ = Section::kPolicies;
      after_.clear();
    }
    std::optional<v1::WatchEvent> event;
    if (section_ == Section::kPolicies) {
      event = Step(sent_->policies, sending_->policies, steps,
                   [this](const auto&... args) { return PolicyEvent(args...); });
    } else if (section_ == Section::kAgents) {
      event = Step(sent_->agents, sending_->agents, steps,
                   [this](const auto&... args) { return AgentEvent(args...); });
    } else if (first_ != First::kSnapshot) {
      event = Step(sent_->statuses, sending_->statuses, steps,
                   [this](const auto&... args) { return StatusEvent(args...); });
    }
    if (event) return event;
    if (steps >= kMaxSteps) {
      *more = true;
      return std::nullopt;
    }
    section_ = static_cast<Section>(static_cast<int>(section_) + 1);
    after_.clear();
  }
}

// Walks two ordered maps side by side from after_. Values that are the same object did not change.
template <typename Map, typename Make>
std::optional<v1::WatchEvent> ViewDiff::Step(const Map& before, const Map& after, int& steps,
                                             Make make) {
  auto b = before.upper_bound(after_);
  auto a = after.upper_bound(after_);
  while ((b != before.end() || a != after.end()) && steps < kMaxSteps) {
    ++steps;
    const bool in_b = b != before.end() && (a == after.end() || b->first <= a->first);
    const bool in_a = a != after.end() && (b == before.end() || a->first <= b->first);
    const std::string& name = in_b ? b->first : a->first;
    after_ = name;
    if (!in_b || !in_a || b->second != a->second) {
      auto event = make(name, in_b ? b->second.get() : nullptr, in_a ? a->second.get() : nullptr);
      if (event) return event;
    }
    if (in_b) ++b;
    if (in_a) ++a;
  }
  return std::nullopt;
}

v1::ChangeType ViewDiff::Appeared() const {
  return first_ == First::kNews ? v1::STATUS_CHANGED : v1::CREATED;
}

v1::WatchEvent ViewDiff::MakeEvent(const std::string& name, v1::ChangeType change) const {
  v1::WatchEvent event;
  event.set_revision(sending_->computed_from);
  event.set_change(change);
  event.set_name(name);
  return event;
}

std::optional<v1::WatchEvent> ViewDiff::PolicyEvent(const std::string& name,
                                                    const v1::Policy* before,
                                                    const v1::Policy* after) const {
  const v1::Policy& known = after == nullptr ? *before : *after;
  if (!wants_(name) || !caller_.SeesPolicyOf(known.service())) return std::nullopt;
  if (after == nullptr) return MakeEvent(name, v1::DELETED);
  const v1::ChangeType change = before == nullptr                         ? Appeared()
                                : before->revision() != after->revision() ? v1::UPDATED
                                                                          : v1::STATUS_CHANGED;
  v1::WatchEvent event = MakeEvent(name, change);
  *event.mutable_resource()->mutable_policy() = *after;
  return event;
}

std::optional<v1::WatchEvent> ViewDiff::AgentEvent(const std::string& name, const v1::Agent* before,
                                                   const v1::Agent* after) const {
  if (!wants_(name) || !caller_.Sees(name)) return std::nullopt;
  if (after == nullptr) return MakeEvent(name, v1::DELETED);
  v1::WatchEvent event = MakeEvent(name, before == nullptr ? Appeared() : v1::STATUS_CHANGED);
  *event.mutable_resource()->mutable_agent() = *after;
  return event;
}

std::optional<v1::WatchEvent> ViewDiff::StatusEvent(const std::string& name, const v1::Status*,
                                                    const v1::Status* after) const {
  // A status goes with its resource, whose deletion is an event of its own.
  if (after == nullptr || !wants_(name) || !caller_.Sees(name)) return std::nullopt;
  auto resource = find_(name);
  if (!resource) return std::nullopt;
  v1::WatchEvent event = MakeEvent(name, v1::STATUS_CHANGED);
  *event.mutable_resource() = *std::move(resource);
  v1::Resource& r = *event.mutable_resource();
  if (r.has_node()) *r.mutable_node()->mutable_status() = *after;
  if (r.has_link()) *r.mutable_link()->mutable_status() = *after;
  if (r.has_service()) *r.mutable_service()->mutable_status() = *after;
  return event;
}

}  // namespace waymark
