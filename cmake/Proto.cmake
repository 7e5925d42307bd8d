# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
#
# perdure_proto(NAME FILE)
#
# The library perdure_proto_NAME: the messages and services of api/proto/FILE.proto, generated into
# the build. Its headers are included as <FILE.pb.h> and <FILE.grpc.pb.h>, and are nobody's to warn
# about.
find_package(Protobuf REQUIRED)
find_package(gRPC REQUIRED)

function(perdure_proto name file)
  set(folder ${PROJECT_SOURCE_DIR}/api/proto)
  set(out ${PROJECT_BINARY_DIR}/proto)
  set(generated ${out}/${file}.pb.cc ${out}/${file}.grpc.pb.cc)
  set(headers ${out}/${file}.pb.h ${out}/${file}.grpc.pb.h)
  cmake_path(GET file PARENT_PATH subfolder)
  file(MAKE_DIRECTORY ${out}/${subfolder})
  add_custom_command(OUTPUT ${generated} ${headers}
    COMMAND protobuf::protoc --proto_path=${folder} --cpp_out=${out} --grpc_out=${out}
      --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${folder}/${file}.proto
    DEPENDS ${folder}/${file}.proto
    COMMENT "Generating ${file}.pb.cc" VERBATIM)
  add_library(perdure_proto_${name} STATIC ${generated} ${headers})
  target_include_directories(perdure_proto_${name} SYSTEM PUBLIC $<BUILD_INTERFACE:${out}>)
  target_compile_options(perdure_proto_${name} PRIVATE -w)
  # The package's own list misses one that its headers use.
  target_link_libraries(perdure_proto_${name} PUBLIC gRPC::grpc++ protobuf::libprotobuf
    absl_synchronization)
endfunction()
