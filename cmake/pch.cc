// SPDX-License-Identifier: Apache-2.0
// Nothing: a target that owns a precompiled header must compile something.
