// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/hello.h"

#include <algorithm>
#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/printable.h"

// All little-endian. What a later version adds comes behind: whoever is older does not look there,
// and whoever speaks nothing newer does not write it.
//   oldest u8 | newest u8 | self u64 | wanted u64 | disk u64 | boot u64 | cluster u64 | shard u32 |
//   shards u32 | purpose u8 | name | address | name of the cluster, each as size u16 and bytes
namespace bowline::wire {
namespace {

constexpr std::size_t most_refusal_bytes = 1024;

std::string node(NodeId id) { return "node " + std::to_string(id.value); }

std::string named(const Hello& hello) {
  return (hello.self ? node(hello.self) : "an operator") +
         (hello.name.empty() ? "" : " (" + hello.name + ")");
}

std::string versions(const Hello& hello) {
  return std::to_string(hello.oldest) + " to " + std::to_string(hello.newest);
}

std::unexpected<Error> no(Fault fault, std::string why) {
  return std::unexpected(Error{fault, std::move(why)});
}

void put_text(std::string& out, const std::string& text) {
  put(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

}  // namespace

std::string frame_of(const Hello& hello) {
  ensure(hello.name.size() <= most_name_bytes);
  ensure(hello.address.size() <= most_name_bytes);
  ensure(hello.cluster_name.size() <= most_name_bytes);
  std::string frame = begin_frame(FrameKind::hello);
  put(frame, hello.oldest);
  put(frame, hello.newest);
  put(frame, hello.self.value);
  put(frame, hello.wanted.value);
  put(frame, hello.disk.value);
  put(frame, hello.boot);
  put(frame, hello.cluster.value);
  put(frame, hello.shard);
  put(frame, hello.shards);
  put(frame, std::to_underlying(hello.purpose));
  put_text(frame, hello.name);
  put_text(frame, hello.address);
  if (hello.newest >= cluster_name_since) put_text(frame, hello.cluster_name);
  end_frame(frame);
  return frame;
}

Result<Hello> hello_in(const Frame& frame) {
  if (frame.kind != FrameKind::hello) return no(Fault::corrupt, "the first frame is no hello");
  Cursor cursor(*frame.body);
  Hello hello;
  hello.oldest = cursor.u8();
  hello.newest = cursor.u8();
  hello.self = {cursor.u64()};
  hello.wanted = {cursor.u64()};
  hello.disk = {cursor.u64()};
  hello.boot = cursor.u64();
  hello.cluster = {cursor.u64()};
  hello.shard = cursor.u32();
  hello.shards = cursor.u32();
  hello.purpose = static_cast<Purpose>(cursor.u8());
  hello.name = printable(cursor.take(cursor.u16()));
  hello.address = printable(cursor.take(cursor.u16()));
  if (hello.newest >= cluster_name_since) hello.cluster_name = printable(cursor.take(cursor.u16()));
  const bool is_node = hello.purpose != Purpose::admin;
  const bool sane =
      bool(hello.self) == is_node && bool(hello.disk) == is_node && hello.oldest > 0 &&
      hello.oldest <= hello.newest && hello.shard < hello.shards &&
      std::max({hello.name.size(), hello.address.size(), hello.cluster_name.size()}) <=
          most_name_bytes;
  if (!cursor.good() || !sane) return no(Fault::corrupt, "a hello that makes no sense");
  return hello;
}

Result<Ways> agree(const Hello& here, const Hello& there) {
  const bool administers = std::max(here.purpose, there.purpose) == Purpose::admin;
  if (there.self == here.self)
    return no(Fault::exists, "there are two nodes with the id " + std::to_string(here.self.value) +
                                 ", or its own address was given to it as that of another. Give "
                                 "each node an id of its own");
  if (there.wanted && there.wanted != here.self)
    return no(Fault::not_found, "this is " + node(here.self) + ", and not " + node(there.wanted) +
                                    " that " + named(there) +
                                    " looks for. Correct the address that it has of it");
  if (here.wanted && here.wanted != there.self)
    return no(Fault::not_found, "at that address is " + named(there) + ", and not " +
                                    node(here.wanted) + ". Correct the address");
  if (here.cluster && there.cluster && here.cluster != there.cluster)
    return no(Fault::exists, named(there) + " is of cluster " +
                                 std::to_string(there.cluster.value) + ", and " + node(here.self) +
                                 " of cluster " + std::to_string(here.cluster.value) +
                                 ". Nodes of two clusters do not speak: correct the address");
  const bool both_say = !here.cluster_name.empty() && !there.cluster_name.empty();
  if (both_say && here.cluster_name != there.cluster_name)
    return no(Fault::exists, named(there) + " is of the cluster " + there.cluster_name + ", and " +
                                 node(here.self) + " of " + here.cluster_name +
                                 ". Nodes of two clusters do not speak: correct the address");
  if (here.shards != there.shards && !administers)
    return no(Fault::exists, named(there) + " has " + std::to_string(there.shards) +
                                 " shards, and " + node(here.self) + " has " +
                                 std::to_string(here.shards) +
                                 ". All nodes of a cluster must have as many");
  if (std::max(here.purpose, there.purpose) > Purpose::admin)
    return no(Fault::exists, named(there) + " connects for a purpose that " + node(here.self) +
                                 " does not know. Upgrade the older one first");
  const Version version = std::min(here.newest, there.newest);
  if (version < std::max(here.oldest, there.oldest))
    return no(Fault::exists, named(there) + " speaks the versions " + versions(there) +
                                 " of the protocol, and " + node(here.self) + " the versions " +
                                 versions(here) +
                                 ". Upgrade the older one, by way of a release "
                                 "that speaks both");
  if (administers && version < admin_since)
    return no(Fault::exists, named(here.self ? here : there) + " speaks version " +
                                 std::to_string(version) +
                                 " of the protocol only, in which nobody can administer it. "
                                 "Upgrade it first");
  const ClusterId cluster = here.cluster ? here.cluster : there.cluster;
  return Ways{.out = {version, cluster, here.disk, there.disk},
              .in = {version, cluster, there.disk, here.disk}};
}

std::string refusal_frame(const std::string& why) {
  std::string frame = begin_frame(FrameKind::refusal);
  frame += std::string_view(why).substr(0, most_refusal_bytes);
  end_frame(frame);
  return frame;
}

std::string refusal_in(const Frame& frame) {
  return printable(std::string_view(*frame.body).substr(0, most_refusal_bytes));
}

}  // namespace bowline::wire
