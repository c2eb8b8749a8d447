// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_saved.h"

#include <cstdlib>
#include <vector>

#include "apps/bowline/served_process.h"
#include "apps/chaos/etcd_errands.h"
#include "apps/chaos/etcd_past.h"
#include "bowline/etcd/convert.h"

namespace bowline::chaos {

std::string check_saved(const std::string& file, const std::string& program,
                        const std::string& directory, const EtcdHistory& history) {
  const std::string made = directory + "/restored";
  const std::string log = directory + "/saving.log";
  const std::string command =
      program + " snapshot restore " + file + " --data-dir=" + made + " >>" + log + " 2>&1";
  if (std::system(command.c_str()) != 0) return file + " cannot be restored: see " + log;
  const std::vector<int> ports = apps::free_ports(2);
  const std::string address = "127.0.0.1:" + std::to_string(ports[0]);
  const apps::ServedProcess server(
      {program, "serve", "--data-dir=" + made, "--listen-client-urls=http://" + address,
       "--listen-peer-urls=http://127.0.0.1:" + std::to_string(ports[1])});
  if (!server.is_ready()) return "who was made of " + file + " does not serve: " + server.said();

  const apps::Until until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  auto channel = apps::GrpcChannel::connect(address, nullptr, until);
  if (!channel) return channel.error().what;
  etcdserverpb::RangeRequest all;
  all.set_key(std::string(1, '\0'));
  all.set_range_end(std::string(1, '\0'));
  auto heard = (*channel)->call("/etcdserverpb.KV/Range", all.SerializeAsString(), until);
  etcdserverpb::RangeResponse shown, wanted;
  if (!std::holds_alternative<std::string>(heard) ||
      !shown.ParseFromString(std::get<std::string>(heard)))
    return "who was made of " + file + " does not answer";
  EtcdPast past;
  past.gather(history.stories);
  const std::int64_t revision = shown.header().revision();
  for (const auto& [key, value] : past.at(revision))
    etcd::fill(*wanted.add_kvs(), kv::model::item_of(key, value));
  wanted.set_count(wanted.kvs_size());
  shown.clear_header();
  if (revision <= past.last() && shown.SerializeAsString() == wanted.SerializeAsString()) return {};
  return file + " has something else at revision " + std::to_string(revision) + " than was there";
}

}  // namespace bowline::chaos
