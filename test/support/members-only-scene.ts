import type { JsonObject } from '../../core/json.js';
import { DeletionScene } from './deletion-scene.js';
import type { SceneStart } from './deletion-scene.js';
import type { TestEngine } from './engine.js';
import { group, memberNames } from './world.js';

/** Groups of the target are neither made nor deleted by the platform. */
const MEMBERS_ONLY = { 'scim.profile': '{"groups":"members-only"}' };

/** A group of the target as its owner has made it. */
export function groupOfOwner(id: string, members: readonly JsonObject[] = [], key = `there-${id}`): JsonObject {
  return { id: key, displayName: `Group ${id}`, externalId: 'of its owner', members: [...members] };
}

/** The target has the group G with W in it, put there by hand; the source has P, W and Q, the first two of them in G. N is empty, and keeps the source from having no groups at all. */
export class MembersOnlyScene {
  private constructor(readonly deletion: DeletionScene) {}

  static async start(
    engine: TestEngine,
    properties: Readonly<Record<string, string>> = {},
    change: SceneStart = {},
  ): Promise<MembersOnlyScene> {
    const scene = await DeletionScene.start(engine, {
      people: ['P', 'W', 'Q'],
      groups: [group('G', ['P', 'W']), group('N', [])],
      accounts: ['W'],
      accountGroups: [groupOfOwner('G', [{ value: 'old-W', type: 'User' }]), groupOfOwner('N')],
      cloud: { ...change.cloud, properties: { ...MEMBERS_ONLY, ...properties } },
      dialect: 'fixed-groups',
      ...change,
    });
    return new MembersOnlyScene(scene);
  }

  /** Who is in the group of the target. */
  members(key = 'there-G'): string[] {
    return memberNames(this.deletion.cloud.simulator, key).map((name) => name.replace('@example.com', ''));
  }

  /** The owner of the group sets its members by hand. */
  setMembers(...ids: string[]): void {
    const { store } = this.deletion.cloud.simulator;
    store.update('Group', 'there-G', { members: ids.map((id) => ({ value: this.#idOf(id), type: 'User' })) });
  }

  changeSource(...ids: string[]): void {
    this.deletion.later();
    this.deletion.world.source.store.update('Group', 'G', group('G', ids));
  }

  groupLeaves(): void {
    this.deletion.world.source.store.remove('Group', 'G');
  }

  /** Whom the platform has put into a group, as far as it knows. */
  async assigned(key = 'there-G'): Promise<string[]> {
    const rows = await this.deletion.world.engine.pool.query<{ id: string }>(
      'select member_key as id from assigned_member where target_id = $1 and group_key = $2',
      [this.deletion.cloud.system.no, key],
    );
    const { users } = this.deletion.cloud.simulator.store.snapshot();
    return rows
      .map(({ id }) => String(users.find((user) => user['id'] === id)?.['userName'] ?? id).replace('@example.com', ''))
      .sort();
  }

  #idOf(id: string): string {
    const { users } = this.deletion.cloud.simulator.store.snapshot();
    const found = users.find((user) => user['userName'] === `${id}@example.com`);
    return typeof found?.['id'] === 'string' ? found['id'] : id;
  }
}
