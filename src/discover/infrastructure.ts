import { basename } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter } from 'yaml';
import type { SystemKind } from '../posture/schema.ts';
import type { Named } from './ci.ts';
import { environmentOfFile } from './environments.ts';
import { databaseKind, type Mention, usesOf } from './mention.ts';
import { lineOf, yamlMap } from './yaml.ts';

/** Systems that one file is taken to name. */
const LIMIT = 50;

/**
 * Resources of Terraform, by the types that the providers document (https://registry.terraform.io/browse/providers).
 * Databases whose engine is a setting have none here.
 */
const RESOURCES: readonly [type: RegExp, kind: SystemKind | undefined][] = [
  [
    /^aws_(db_instance|rds_cluster|db_cluster)$|^google_sql_database_instance$|^digitalocean_database_cluster$/,
    undefined,
  ],
  [/^azurerm_postgresql(_flexible)?_server$|^aws_redshift(serverless)?_(cluster|workgroup)$/, 'postgres'],
  [/^azurerm_(mysql(_flexible)?|mariadb)_server$/, 'mysql'],
  [/^azurerm_(mssql|sql)_server$|^aws_(dynamodb_table|opensearch_domain)$|^azurerm_cosmosdb_account$/, 'other'],
  [/^google_(bigquery_dataset|bigtable_instance|spanner_instance|firestore_database)$/, 'other'],
  [
    /^aws_elasticache_(cluster|replication_group|serverless_cache)$|^google_redis_instance$|^azurerm_redis_cache$/,
    'redis',
  ],
  [/^aws_docdb_cluster$|^mongodbatlas_(advanced_)?cluster$/, 'mongodb'],
  [/^aws_s3_bucket$|^google_storage_bucket$|^azurerm_storage_account$|^cloudflare_r2_bucket$/, 'object-storage'],
  [/^aws_(sqs_queue|msk_cluster|mq_broker)$|^google_pubsub_topic$|^azurerm_(servicebus|eventhub)_namespace$/, 'queue'],
  [/^aws_eks_cluster$|^google_container_cluster$|^azurerm_kubernetes_cluster$/, 'kubernetes'],
];

/** Modules of https://registry.terraform.io/namespaces/terraform-aws-modules and their like, by what they make. */
const MODULES: readonly [source: RegExp, kind: SystemKind | undefined][] = [
  [/^terraform-aws-modules\/rds(-aurora)?\/aws|^terraform-google-modules\/sql-db\/google/i, undefined],
  [/^terraform-aws-modules\/s3-bucket\/aws|^terraform-google-modules\/cloud-storage\/google/i, 'object-storage'],
  [/^terraform-aws-modules\/eks\/aws|^terraform-google-modules\/kubernetes-engine\/google/i, 'kubernetes'],
  [/^terraform-aws-modules\/elasticache\/aws/i, 'redis'],
];

const PROVIDERS: Readonly<Record<string, string>> = {
  aws: 'aws',
  google: 'google-cloud',
  'google-beta': 'google-cloud',
  azurerm: 'azure',
  digitalocean: 'digitalocean',
  cloudflare: 'cloudflare',
};

export const isTerraform = (path: string): boolean => /\.(tf|tofu)$/.test(path);

/** Names that say nothing: the resource's type tells more. */
const NAMELESS = /^(this|main|default|primary|example|self)$/;

/** Databases, stores, queues, clusters and accounts that a Terraform file makes or keeps its state in. Lines only: it is not evaluated. */
export function terraformUses(path: string, text: string): Mention[] {
  const environment = environmentOfFile(path);
  const lines = text.split(/\r?\n/);
  const found: Mention[] = [];
  const add = (kind: SystemKind, name: string, index: number) =>
    // An account is the same one for all environments, as far as this file tells.
    found.push(usesOf(kind, name, { path, line: index + 1 }, kind === 'cloud-account' ? undefined : environment));
  for (const [index, line] of lines.entries()) {
    if (found.length >= LIMIT) break;
    const [, block, first = '', second] =
      /^\s*(resource|provider|backend|module)\s+"([\w-]{1,100})"(?:\s+"([\w-]{1,100})")?\s*\{/.exec(
        line.slice(0, 500),
      ) ?? [];
    if (block === 'provider' && PROVIDERS[first]) add('cloud-account', PROVIDERS[first], index);
    if (block === 'backend' && /^(s3|gcs|azurerm|oss|cos)$/.test(first))
      add('object-storage', 'terraform-state', index);
    if (block === 'resource' && second !== undefined) {
      const known = RESOURCES.find(([type]) => type.test(first));
      const name = NAMELESS.test(second) ? first.replace(/^[a-z]+_/, '') : second;
      if (known) add(known[1] ?? engineBelow(lines, index), name, index);
    }
    if (block === 'module') {
      const source = lines
        .slice(index, index + 6)
        .map(each => /^\s*source\s*=\s*"([^"]{1,200})"/.exec(each.slice(0, 500))?.[1]);
      const known = MODULES.find(([pattern]) => source.some(each => each !== undefined && pattern.test(each)));
      if (known) add(known[1] ?? engineBelow(lines, index), NAMELESS.test(first) ? 'database' : first, index);
    }
  }
  return found;
}

/** `engine = "aurora-postgresql"`, `database_version = "MYSQL_8_0"` in the lines of the block. */
function engineBelow(lines: readonly string[], start: number): SystemKind {
  for (const line of lines.slice(start + 1, start + 40)) {
    if (/^\}/.test(line)) break;
    const engine = /^\s*(?:engine|database_version)\s*=\s*"([\w-]{1,60})"/.exec(line.slice(0, 500))?.[1];
    if (engine !== undefined)
      return /postgres|mysql|maria|sqlserver|mongo|pg/i.test(engine) ? databaseKind(engine, 0)[0] : 'other';
  }
  return 'other';
}

/** Workspaces of HCP Terraform: https://developer.hashicorp.com/terraform/cli/cloud/settings */
export function terraformNames(text: string): Named[] {
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, index) => {
    if (!/^\s*workspaces\s*\{/.test(line.slice(0, 200))) return [];
    return lines.slice(index, index + 5).flatMap((each, offset) => {
      const name = /(?:^|[\s{])name\s*=\s*"([\w-]{1,60})"/.exec(each.slice(0, 200))?.[1];
      return name === undefined ? [] : [{ name, line: index + offset + 1 }];
    });
  });
}

/** Profiles of compose: https://docs.docker.com/reference/compose-file/profiles/ */
export function composeProfiles(text: string): Named[] {
  const lines = new LineCounter();
  const services = yamlMap(text, lines)?.get('services');
  return (isMap(services) ? services.items : []).flatMap((pair): Named[] => {
    const profiles = isMap(pair.value) ? pair.value.get('profiles') : undefined;
    if (!isSeq(profiles)) return [];
    return profiles.items.flatMap(item =>
      isScalar(item) ? [{ name: String(item.value), line: lineOf(pair, lines) }] : [],
    );
  });
}

/** A template of CloudFormation may have any name. */
const TEMPLATE = /\.(ya?ml|template)$/;

/** What a line of a file that puts a program somewhere says, by the name of the file. The captured part is a name of its own. */
const DEPLOYMENTS: readonly [file: RegExp, kind: SystemKind, name: string | undefined, line: RegExp][] = [
  [/^serverless\.(ya?ml|ts)$/, 'cloud-account', 'aws', /^\s*["']?name["']?:\s*["']?aws\b/],
  [/^serverless\.(ya?ml|ts)$/, 'cloud-account', 'google-cloud', /^\s*["']?name["']?:\s*["']?google\b/],
  [/^serverless\.(ya?ml|ts)$/, 'cloud-account', 'azure', /^\s*["']?name["']?:\s*["']?azure\b/],
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference
  [TEMPLATE, 'cloud-account', 'aws', /^Transform:\s*["']?AWS::Serverless/],
  [/^cdk\.json$/, 'cloud-account', 'aws', /^\s*"app"\s*:/],
  [/^samconfig\.toml$/, 'cloud-account', 'aws', /^version\s*=/],
  [/^wrangler\.(toml|jsonc?)$/, 'cloud-account', 'cloudflare', /^\s*"?name"?\s*[=:]/],
  [/^wrangler\.(toml|jsonc?)$/, 'sqlite', undefined, /^\s*"?database_name"?\s*[=:]\s*"([\w-]{1,60})"/],
  [/^wrangler\.(toml|jsonc?)$/, 'object-storage', undefined, /^\s*"?bucket_name"?\s*[=:]\s*"([\w-]{1,60})"/],
  [/^fly(\.[\w-]+)?\.toml$/, 'cloud-account', 'fly', /^app\s*=/],
  [/^render\.ya?ml$/, 'cloud-account', 'render', /^(services|databases):/],
  [/^render\.ya?ml$/, 'redis', 'render-key-value', /^\s*(?:- )?type:\s*["']?(?:redis|keyvalue)\b/],
  [/^render\.ya?ml$/, 'postgres', 'render-postgres', /^databases:/],
  [/^vercel\.json$/, 'cloud-account', 'vercel', /^\s*\{/],
  [/^netlify\.toml$/, 'cloud-account', 'netlify', /^\s*\[/],
  [/^app\.json$/, 'postgres', 'heroku-postgres', /"heroku-postgresql\b/],
  [/^firebase\.json$/, 'cloud-account', 'firebase', /^\s*\{/],
];

/** Whether a file says where the program runs. */
export const isDeployment = (path: string): boolean =>
  DEPLOYMENTS.some(([file]) => file !== TEMPLATE && file.test(basename(path))) ||
  /(^|\/)(sam-?)?template\.ya?ml$|\.template$|(^|\/)cloudformation\/[\w./-]+\.ya?ml$/.test(path);

/** Resources of CloudFormation, SAM and Serverless. */
const TYPES: readonly [type: RegExp, kind: SystemKind][] = [
  [/^AWS::RDS::DB(Instance|Cluster)$/, 'other'],
  [/^AWS::(DynamoDB::(Global)?Table|Serverless::SimpleTable)$/, 'other'],
  [/^AWS::S3::Bucket$/, 'object-storage'],
  [/^AWS::SQS::Queue$/, 'queue'],
  [/^AWS::ElastiCache::(CacheCluster|ReplicationGroup)$/, 'redis'],
];

/** Accounts and stores that files for serverless and hosting services name. */
export function deploymentUses(path: string, text: string): Mention[] {
  const environment = environmentOfFile(path);
  const rules = DEPLOYMENTS.filter(([file]) => file.test(basename(path)));
  const lines = text.split(/\r?\n/);
  const found = new Map<string, Mention>();
  const add = (kind: SystemKind, name: string, index: number) => {
    const key = `${kind} ${name}`;
    if (!found.has(key) && found.size < LIMIT)
      found.set(key, usesOf(kind, name, { path, line: index + 1 }, environment));
  };
  for (const [index, full] of lines.entries()) {
    const line = full.slice(0, 500);
    for (const [, kind, name, pattern] of rules) {
      const match = pattern.exec(line);
      if (match) add(kind, name ?? match[1] ?? kind, index);
    }
    const type = /^\s+Type:\s*["']?(AWS::[\w:]{1,60})/.exec(line)?.[1];
    const known = type === undefined ? undefined : TYPES.find(([pattern]) => pattern.test(type));
    // The resource's name is the key above.
    if (known) add(known[1], /^\s+([A-Za-z]\w{0,60}):\s*$/.exec(lines[index - 1] ?? '')?.[1] ?? known[1], index);
  }
  return [...found.values()];
}
