#include "northbound/auth/caller.h"

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

struct Attribute {
  std::string type;
  std::string value;
};

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// RFC 2253 section 2: attributes joined by ',' or '+', special characters escaped by '\' alone or
// with two hex digits. Escapes must be honoured: a common name may contain ",OU=waymark-operator".
std::optional<std::vector<Attribute>> ParseSubject(const std::string& subject) {
  std::vector<Attribute> attributes(1);
  bool in_value = false;
  for (size_t i = 0; i < subject.size(); ++i) {
    char c = subject[i];
    std::string& into = in_value ? attributes.back().value : attributes.back().type;
    if (c == '\\') {
      if (++i == subject.size()) return std::nullopt;
      if (IsHex(subject[i]) && i + 1 < subject.size() && IsHex(subject[i + 1])) {
        into.push_back(static_cast<char>(std::stoi(subject.substr(i, 2), nullptr, 16)));
        ++i;
      } else {
        into.push_back(subject[i]);
      }
    } else if (c == ',' || c == '+') {
      if (!in_value) return std::nullopt;
      attributes.emplace_back();
      in_value = false;
    } else if (c == '=' && !in_value) {
      in_value = true;
    } else {
      into.push_back(c);
    }
  }
  if (!in_value) return std::nullopt;
  return attributes;
}

bool IsCustomerId(const std::string& id) {
  if (id.empty() || id.size() > 63) return false;
  for (const char c : id) {
    const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter_or_digit && c != '.' && c != '-') return false;
  }
  return id.front() != '.' && id.front() != '-' && id.back() != '.' && id.back() != '-';
}

}  // namespace

bool Caller::Sees(std::string_view name) const {
  if (role != Role::kCustomer) return true;
  if (name.starts_with("trafficClasses/")) return true;
  return name == customer || (name.starts_with(customer) && name[customer.size()] == '/');
}

bool Caller::SeesPolicyOf(std::string_view service) const {
  return role != Role::kCustomer || (!service.empty() && Sees(service));
}

absl::StatusOr<Caller> ParseRole(const std::string& text) {
  constexpr std::string_view kCustomer = "customer:";
  if (text == "operator") return Caller{Role::kOperator, "", "plaintext listener"};
  if (text == "viewer") return Caller{Role::kViewer, "", "plaintext listener"};
  if (text.starts_with(kCustomer) && IsCustomerId(text.substr(kCustomer.size()))) {
    return Caller{Role::kCustomer, "customers/" + text.substr(kCustomer.size()),
                  "plaintext listener"};
  }
  return absl::InvalidArgumentError("a role is operator, viewer or customer:ID");
}

absl::StatusOr<Caller> CallerFromSubject(const std::string& subject) {
  const absl::Status denied = absl::PermissionDeniedError(
      "the client certificate gives no role: its subject needs exactly one of OU=waymark-operator, "
      "OU=waymark-viewer, or OU=waymark-customer with the customer's id as CN");
  const auto attributes = ParseSubject(subject);
  if (!attributes) return denied;
  std::vector<Role> roles;
  std::vector<std::string> common_names;
  for (const Attribute& attribute : *attributes) {
    if (attribute.type == "CN") common_names.push_back(attribute.value);
    if (attribute.type != "OU") continue;
    if (attribute.value == "waymark-operator") roles.push_back(Role::kOperator);
    if (attribute.value == "waymark-viewer") roles.push_back(Role::kViewer);
    if (attribute.value == "waymark-customer") roles.push_back(Role::kCustomer);
  }
  if (roles.size() != 1 || common_names.size() != 1) return denied;
  Caller caller{roles[0], "", common_names[0]};
  if (caller.role == Role::kCustomer) {
    if (!IsCustomerId(common_names[0])) return denied;
    caller.customer = "customers/" + common_names[0];
  }
  return caller;
}

}  // namespace waymark
