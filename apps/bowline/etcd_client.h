// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "apps/bowline/grpc_channel.h"
#include "bowline/base/result.h"

namespace bowline::apps {

// What became of a request: it was answered, or one of these.
struct NotDone {  // certainly, and it never will be
  std::string why;
};
struct MaybeDone {  // whoever asks again may do it twice
  std::string why;
};
template <class Response>
using Asked = std::variant<Response, NotDone, MaybeDone>;

enum class Effect { none, changes };  // of a request

// What the end of a call means for a request that changes something.
enum class Verdict {
  refused,    // nothing was done, and nobody else would do it
  elsewhere,  // nothing was done, and another member may do it
  unknown,    // nobody knows
};
Verdict verdict_of(const CallEnd&);

// A client of several members. It asks the next one only if that can do no harm: nothing was done,
// or there was nothing to do but to read.
class EtcdClient {
 public:
  struct Options {
    std::vector<std::string> endpoints;  // "host:port" or "https://host:port"
    std::chrono::milliseconds within{5000};
    std::chrono::milliseconds dial_within{2000};     // each of them
    std::shared_ptr<const ClientTls> tls = nullptr;  // for those with https
  };
  explicit EtcdClient(Options);

  template <class Response, class Request>
  Asked<Response> ask(std::string_view path, const Request& request, Effect effect) {
    Asked<std::string> bytes = ask_bytes(path, request.SerializeAsString(), effect);
    if (auto* no = std::get_if<NotDone>(&bytes)) return std::move(*no);
    if (auto* maybe = std::get_if<MaybeDone>(&bytes)) return std::move(*maybe);
    Response response;
    if (response.ParseFromString(std::get<std::string>(bytes))) return response;
    const std::string why = "the answer cannot be read";
    if (effect == Effect::none) return NotDone{why};
    return MaybeDone{why};
  }
  Asked<std::string> ask_bytes(std::string_view path, const std::string& request, Effect);

  // A connection of its own, for a stream; to the first of them that can be reached. Whoever was
  // let down asks again with one more: so each of them has its turn.
  Result<std::unique_ptr<GrpcChannel>> connect(std::size_t attempt = 0) const;
  const Options& options() const { return options_; }

 private:
  Options options_;
  std::vector<std::unique_ptr<GrpcChannel>> channels_;  // one for each endpoint, or null
  std::size_t first_ = 0;                               // the last that answered
};

// "http://a:1,https://b:2,c" to endpoints. Without a scheme it is as the second says. The error is
// a sentence.
enum class Unsaid { plain, tls };
Result<std::vector<std::string>> endpoints_in(const std::string& text, Unsaid = Unsaid::plain);

}  // namespace bowline::apps
