#include "absl/strings/str_cat.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/print.h"

namespace waymark::cli {

absl::Status RunInfo(Context& context) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto info = (*client)->Info();
  if (!info.ok()) return info.status();
  if (PrintedForMachine(context, *info)) return absl::OkStatus();
  // Customers may ask for the one and not for the other.
  const auto programming = (*client)->Programming();
  Fields fields;
  fields.Add("Server", (*client)->options().server)
      .Add("Version", info->version())
      .Add("Revision", absl::StrCat(info->revision()))
      .Add("Computed", absl::StrCat("revision ", info->computed_revision()))
      .Add("Converged", info->converged() ? "yes" : "no");
  if (programming.ok()) fields.Add("Programming", ProgrammingText(*programming));
  fields.Add("Epoch", absl::StrCat(info->epoch()))
      .Add("Started", FormatTime(info->started()))
      .Print(context.out(), context.color());
  return absl::OkStatus();
}

absl::Status RunBackup(Context& context, const std::string& folder) {
  if (!folder.starts_with('/')) {
    return UsageError(absl::StrCat("backup folder \"", folder,
                                   "\": give an absolute path on the controller's machine"));
  }
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto reply = (*client)->Backup(folder);
  if (!reply.ok()) return reply.status();
  if (PrintedForMachine(context, *reply)) return absl::OkStatus();
  context.out() << "revision " << reply->revision() << ", " << reply->bytes()
                << " bytes, written to " << Printable(folder) << " on the controller's machine\n";
  return absl::OkStatus();
}

}  // namespace waymark::cli
