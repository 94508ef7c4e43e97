"""cc_grpc_library: C++ gRPC stubs for a proto_library."""

def _grpc_sources_impl(ctx):
    info = ctx.attr.proto[ProtoInfo]
    hdrs = []
    srcs = []
    flags = "generate_mock_code=true:" if ctx.attr.mock else ""
    for proto in info.direct_sources:
        root = info.proto_source_root + "/"
        path = proto.path[len(root):] if proto.path.startswith(root) else proto.short_path
        stem = path[:-len(".proto")]
        hdrs.append(ctx.actions.declare_file(stem + ".grpc.pb.h"))
        srcs.append(ctx.actions.declare_file(stem + ".grpc.pb.cc"))
        if ctx.attr.mock:
            hdrs.append(ctx.actions.declare_file(stem + "_mock.grpc.pb.h"))
    args = ctx.actions.args()
    args.add("--plugin=protoc-gen-grpc=" + ctx.executable._plugin.path)
    args.add("--grpc_out={}{}".format(flags, ctx.bin_dir.path + "/" + ctx.label.package))
    args.add_all(info.transitive_proto_path, format_each = "-I%s")
    args.add_all(info.direct_sources)
    ctx.actions.run(
        arguments = [args],
        executable = ctx.executable._protoc,
        inputs = depset(info.direct_sources, transitive = [info.transitive_sources]),
        mnemonic = "GrpcCpp",
        outputs = hdrs + srcs,
        progress_message = "Generating gRPC C++ for %{label}",
        tools = [ctx.executable._plugin],
    )
    return [
        DefaultInfo(files = depset(hdrs + srcs)),
        OutputGroupInfo(hdrs = depset(hdrs), srcs = depset(srcs)),
    ]

_grpc_sources = rule(
    implementation = _grpc_sources_impl,
    attrs = {
        "mock": attr.bool(),
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "_plugin": attr.label(
            allow_single_file = True,
            cfg = "exec",
            default = "@com_github_grpc_grpc//:grpc_cpp_plugin",
            executable = True,
        ),
        "_protoc": attr.label(
            allow_single_file = True,
            cfg = "exec",
            default = "@com_google_protobuf//:protoc",
            executable = True,
        ),
    },
)

def cc_grpc_library(name, proto, deps, mock = False, **kwargs):
    """A cc_library of the gRPC stubs of the services in proto.

    Args:
      name: the library's name.
      proto: a proto_library.
      deps: its cc_proto_library.
      mock: also generate NAME_mock.grpc.pb.h (needs gmock).
      **kwargs: passed to cc_library.
    """
    gen = name + "_gen"
    _grpc_sources(name = gen, mock = mock, proto = proto, visibility = ["//visibility:private"])
    native.filegroup(name = gen + "_hdrs", srcs = [":" + gen], output_group = "hdrs")
    native.filegroup(name = gen + "_srcs", srcs = [":" + gen], output_group = "srcs")
    native.cc_library(
        name = name,
        srcs = [":" + gen + "_srcs"],
        hdrs = [":" + gen + "_hdrs"],
        includes = ["."],
        deps = deps + ["@com_github_grpc_grpc//:grpc++"],
        **kwargs
    )
