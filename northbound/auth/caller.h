#ifndef WAYMARK_NORTHBOUND_AUTH_CALLER_H_
#define WAYMARK_NORTHBOUND_AUTH_CALLER_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace waymark {

enum class Role {
  // NOC: everything.
  kOperator,
  // NOC: reads everything, changes nothing.
  kViewer,
  // Reads what is his own, changes his own class maps.
  kCustomer,
};

struct Caller {
  Role role = Role::kViewer;
  // "customers/{customer}"; set for kCustomer only.
  std::string customer;
  // For logs: the certificate's common name, or the listener.
  std::string identity;

  // Whether a resource name is within the caller's sight. Carrier-wide traffic classes are, for
  // everyone: class maps name them. A policy's name tells nothing of its owner: see SeesPolicyOf.
  bool Sees(std::string_view name) const;
  // Whether policies owned by `service` are; mesh policies (no service) are the NOC's.
  bool SeesPolicyOf(std::string_view service) const;
};

// "operator", "viewer" or "customer:ID". INVALID_ARGUMENT otherwise.
absl::StatusOr<Caller> ParseRole(const std::string& text);

// The role that a client certificate gives, from its subject in RFC 2253 text (as gRPC's
// "x509_subject" property has it). Exactly one organisational unit (OU) must be one of
//   waymark-operator   NOC operator
//   waymark-viewer     NOC viewer
//   waymark-customer   the customer whose id is the common name (CN)
// PERMISSION_DENIED otherwise: a certificate that the CA signed for another purpose gives nothing.
absl::StatusOr<Caller> CallerFromSubject(const std::string& subject);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_AUTH_CALLER_H_
