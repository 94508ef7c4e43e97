#include "absl/strings/str_cat.h"
#include "northbound/cli/bundle_files.h"
#include "northbound/cli/change.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/kind.h"

namespace waymark::cli {

absl::Status RunApply(Context& context, const ApplyArgs& args) {
  if (args.files.empty()) return UsageError("apply needs at least one -f FILE, -f FOLDER or -f -");
  const auto files = ReadBundles(args.files, context.io().in);
  if (!files.ok()) return files.status();
  if (files->file_of.empty()) {
    return absl::InvalidArgumentError("the files hold no resources: nothing to apply");
  }
  v1::ApplyRequest request;
  *request.mutable_put() = files->bundle;
  request.set_request_id(args.request_id);
  request.set_validate_only(args.validate_only);
  if (auto s = ConfirmChange(context, request, args.yes); !s.ok()) return s;
  return SendChange(context, request, *files);
}

absl::Status RunDelete(Context& context, const DeleteArgs& args) {
  v1::ApplyRequest request;
  request.set_validate_only(args.validate_only);
  FileBundle files;
  if (!args.files.empty()) {
    if (!args.kind.empty()) {
      return UsageError("delete takes KIND NAME... or -f FILE, not both");
    }
    auto read = ReadBundles(args.files, context.io().in);
    if (!read.ok()) return read.status();
    files = *std::move(read);
    for (const std::string& name : NamesIn(files.bundle)) request.add_delete_(name);
    if (request.delete_().empty()) {
      return absl::InvalidArgumentError("the files hold no resources: nothing to delete");
    }
  } else {
    if (args.kind.empty() || args.names.empty()) {
      return UsageError("delete needs KIND and at least one NAME, or -f FILE");
    }
    const auto kind = FindKind(args.kind);
    if (!kind.ok()) return kind.status();
    if (*kind == Kind::kPolicy || *kind == Kind::kAgent) {
      return UsageError(absl::StrCat(std::string(InfoOf(*kind).plural),
                                     " are made by the controller and can't be deleted: delete the "
                                     "service or node that they come from"));
    }
    for (const std::string& text : args.names) {
      const auto name = ResourceName(*kind, text, args.customer);
      if (!name.ok()) return name.status();
      request.add_delete_(*name);
    }
  }
  if (auto s = ConfirmChange(context, request, args.yes); !s.ok()) return s;
  return SendChange(context, request, files);
}

}  // namespace waymark::cli
