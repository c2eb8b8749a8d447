// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"

namespace bowline::runtime {

// TLS between nodes: each shows a certificate that names it, and asks for that of the other. All
// files are PEM. docs/TLS.md says how to make them, and what is refused.
struct TlsOptions {
  // Ours first, then those between it and the authority. Empty: connections are not protected, and
  // whoever reaches the port is believed.
  std::string certificate;
  std::string key;                       // of the certificate; not encrypted
  std::vector<std::string> authorities;  // whose certificates we trust; one or more in each file
  std::vector<std::string> revocations;  // their lists (CRL): if there is one, each needs one
  std::vector<NodeId> only;  // who may connect; empty: each that an authority vouches for
  bool also_1_2 = false;     // TLS 1.2 as well as 1.3
  bool also_1_3 = true;      // without it TLS 1.2 alone
  std::string ciphers;  // of TLS 1.2, as OpenSSL lists them; empty: ECDHE with AES-GCM or ChaCha
  // For a port of clients: our certificate names hosts, which is between us and them. Without
  // authorities anybody is let in; with them, whom one of them vouches for. They are asked whether
  // they speak HTTP/2 or HTTP/1.1.
  bool for_clients = false;
  Duration greet_within = std::chrono::seconds(1);  // from the connection to the end of greeting
  Duration look_every = std::chrono::seconds(5);    // whether the files have changed
  std::size_t most_greetings = 256;  // at once; who is still at it after so many others, goes

  bool is_on() const { return !certificate.empty(); }
  std::string fault() const;  // what is wrong with them, as a sentence; empty: nothing

 private:
  std::string times_fault() const;
};

}  // namespace bowline::runtime
