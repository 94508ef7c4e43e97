#include "controller/compute/ledger.h"

#include "absl/strings/str_cat.h"

namespace waymark {

Ledger::Ledger(const Snapshot& snapshot) : reserved_(snapshot.links().size(), 0) {
  capacity_.reserve(reserved_.size());
  for (const LinkInfo& link : snapshot.links()) capacity_.push_back(link.capacity_bps);
}

absl::Status Ledger::Add(const std::string& policy, std::span<const LinkId> links, int64_t bps) {
  if (bps < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(policy, ": reservation of ", bps, " bit/s is negative; give 0 or more"));
  }
  for (size_t i = 0; i < links.size(); ++i) {
    const LinkId link = links[i];
    const bool known = Index(link) >= 0 && static_cast<size_t>(Index(link)) < capacity_.size();
    // Residual never exceeds the capacity and bps is compared with it before it is added: no sum
    // overflows.
    if (known && Residual(link) >= bps) {
      reserved_[Index(link)] += bps;
      continue;
    }
    for (size_t done = 0; done < i; ++done) reserved_[Index(links[done])] -= bps;
    if (!known) {
      return absl::InvalidArgumentError(
          absl::StrCat(policy, ": link number ", Index(link), " does not exist"));
    }
    return absl::ResourceExhaustedError(absl::StrCat(policy, ": link number ", Index(link), " has ",
                                                     Residual(link), " bit/s free of ",
                                                     capacity_[Index(link)], ", needs ", bps));
  }
  auto& held = held_[policy];
  for (const LinkId link : links) held.emplace_back(link, bps);
  return absl::OkStatus();
}

bool Ledger::Remove(const std::string& policy) {
  const auto it = held_.find(policy);
  if (it == held_.end()) return false;
  for (const auto& [link, bps] : it->second) reserved_[Index(link)] -= bps;
  held_.erase(it);
  return true;
}

}  // namespace waymark
