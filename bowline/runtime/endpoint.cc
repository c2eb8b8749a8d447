// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/endpoint.h"

#include <charconv>
#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "bowline/runtime/loop_asio.h"

namespace bowline::runtime {
namespace {

using asio::ip::tcp;
using Found = Result<std::vector<Endpoint>>;

struct Place {
  std::string host;
  std::uint16_t port = 0;
};

std::unexpected<Error> bad(const std::string& what) {
  return std::unexpected(Error{Fault::invalid, what + ": write it like host:2380 or [::1]:2380"});
}

// Each place of the world has one text, except for an IPv4 address that came by an IPv6 socket.
asio::ip::address plain(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

Result<Place> place_of(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || address.ends_with(']')) return bad("no port in " + address);
  std::string_view host = std::string_view(address).substr(0, colon);
  const std::string digits = address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad("the host in " + address + " needs brackets");
  }
  if (host.empty()) return bad("no host in " + address);
  if (digits.empty()) return bad("no port in " + address);
  Place place{.host = std::string(host)};
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, place.port);
  if (error != std::errc() || stop != end)
    return bad("the port in " + address + " is no number up to 65535");
  return place;
}

Found endpoints_of(const std::string& address, std::uint16_t port, const Names::Found& numbers) {
  if (!numbers) {
    return std::unexpected(
        Error{Fault::unreachable,
              "cannot look up the host of " + address + ": " + numbers.error().what +
                  "; is its name right, and does this machine know whom to ask for it?"});
  }
  std::vector<Endpoint> endpoints;
  for (const std::string& number : *numbers) {
    asio::error_code error;
    const asio::ip::address one = asio::ip::make_address(number, error);
    if (error)
      return std::unexpected(Error{Fault::invalid, "the host of " + address + " was found at " +
                                                       number + ", which is no address"});
    endpoints.emplace_back(one, port);
  }
  return endpoints;
}

}  // namespace

void find_endpoints(Loop& loop, Names& names, const std::string& address,
                    std::weak_ptr<const void> asker, env::Done<Found> done) {
  const auto tell = [&](Found found) {
    loop.soon(
        [asker = std::move(asker), done = std::move(done), found = std::move(found)]() mutable {
          if (!asker.expired()) done(std::move(found));
        });
  };
  const Result<Place> place = place_of(address);
  if (!place) return tell(std::unexpected(place.error()));
  asio::error_code error;
  const asio::ip::address number = asio::ip::make_address(place->host, error);
  if (!error) return tell(std::vector{Endpoint(number, place->port)});
  names.find(place->host, std::move(asker),
             [address, port = place->port, done = std::move(done)](
                 const Names::Found& found) mutable { done(endpoints_of(address, port, found)); });
}

std::string text_of(const Endpoint& endpoint) {
  const asio::ip::address address = plain(endpoint.address());
  const std::string host = address.to_string();
  return (address.is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(endpoint.port());
}

bool is_to_itself(const tcp::socket& socket) {
  asio::error_code error;
  const Endpoint here = socket.local_endpoint(error);
  return !error && here == socket.remote_endpoint(error) && !error;
}

}  // namespace bowline::runtime
