/** Acks and answers on their way to the originator: straight, and through others. protocol.md D.5, D.6. */
import type { Address } from "../base/address.ts";
import { SizeLimitError } from "../base/errors.ts";
import type { Random } from "../base/ports.ts";
import { sampleInto } from "../base/sampling.ts";
import { MessageType } from "../memberlist/message_type.ts";
import { MsgpackWriter } from "../wire/msgpack_writer.ts";
import { MemberStatus } from "./member.ts";
import type { MemberRecord, MemberTable } from "./member_table.ts";
import { encodeQueryResponse } from "./query_messages.ts";
import { encodeRelay } from "./relay_message.ts";

/** Sends a user message (memberlist's type byte 8 first, borrowed for the call) to an endpoint, best effort. */
export type SendUser = (to: Address, message: Uint8Array) => void;

/** Where an answer goes, and to what it is one. */
export interface ReplyTarget {
  readonly lTime: number;
  readonly id: number;
  readonly to: Address;
  /** The originator's name. */
  readonly sourceNode: string;
  /** Through how many members it is sent besides. */
  readonly relayFactor: number;
}

/** Only members that speak this version of memberlist's protocol pass messages on. */
const RELAY_PROTOCOL_LEAST = 5;

/** Encodes and sends. */
export class QueryReplies {
  readonly #localName: string;
  readonly #random: Random;
  readonly #table: MemberTable;
  readonly #bytesMax: number;
  readonly #send: SendUser;
  readonly #message = new MsgpackWriter(1024);
  readonly #relay = new MsgpackWriter(1024);
  readonly #relayers: MemberRecord[] = [];

  /** @param bytesMax the most bytes of an answer, Serf's type byte included; and of an answer in a relay's envelope. */
  constructor(localName: string, random: Random, table: MemberTable, bytesMax: number, send: SendUser) {
    this.#localName = localName;
    this.#random = random;
    this.#table = table;
    this.#bytesMax = bytesMax;
    this.#send = send;
  }

  /** The bytes of an answer, for who wants to know before it is sent. */
  lengthOf(target: ReplyTarget, payload: Uint8Array): number {
    this.#encode(target, 0, payload);
    return this.#message.length - 1;
  }

  /** The most bytes of an answer. */
  get bytesMax(): number {
    return this.#bytesMax;
  }

  /**
   * @param flags bits of ResponseFlag.
   * @param payload borrowed.
   * @throws {SizeLimitError} when it is too long: nothing was sent; or when the envelope makes it too long: it was sent
   *   straight, but not through others.
   */
  send(target: ReplyTarget, flags: number, payload: Uint8Array | null): void {
    this.#encode(target, flags, payload);
    if (this.#message.length - 1 > this.#bytesMax) {
      throw new SizeLimitError(`response exceeds limit of ${this.#bytesMax} bytes`);
    }
    this.#send(target.to, this.#message.view());
    this.#sendThroughOthers(target);
  }

  #encode({ lTime, id }: ReplyTarget, flags: number, payload: Uint8Array | null): void {
    this.#message.reset();
    this.#message.byte(MessageType.user);
    encodeQueryResponse(this.#message, { lTime, id, from: this.#localName, flags, payload });
  }

  #sendThroughOthers({ to, sourceNode, relayFactor }: ReplyTarget): void {
    if (relayFactor === 0 || this.#table.size < relayFactor + 1) return;
    this.#relay.reset();
    this.#relay.byte(MessageType.user);
    const inner = this.#message.view().subarray(1);
    encodeRelay(this.#relay, { ip: to.ip, port: to.port, destName: sourceNode, inner });
    if (this.#relay.length - 1 > this.#bytesMax) {
      throw new SizeLimitError(`relayed response exceeds limit of ${this.#bytesMax} bytes`);
    }
    sampleInto(
      [...this.#table.all],
      relayFactor,
      this.#random,
      (member) => this.#passesOn(member),
      this.#relayers,
    );
    for (const member of this.#relayers) this.#send(member.address, this.#relay.view());
  }

  #passesOn(member: MemberRecord): boolean {
    return member.status === MemberStatus.alive && member.versions.pMax >= RELAY_PROTOCOL_LEAST &&
      member.name !== this.#localName;
  }
}
